import { patch } from "@web/core/utils/patch";
import { AttendeeCalendarCommonPopover } from "@calendar/views/attendee_calendar/common/attendee_calendar_common_popover";
import { AttendeeCalendarCommonRenderer } from "@calendar/views/attendee_calendar/common/attendee_calendar_common_renderer";
import { AttendeeCalendarController } from "@calendar/views/attendee_calendar/attendee_calendar_controller";
import { AttendeeCalendarModel } from "@calendar/views/attendee_calendar/attendee_calendar_model";

/**
 * PEP meetings in Odoo's own calendar: named for those who may see the child, moved by those who may move the meeting,
 * and opened as the meeting. What may be done is decided by the server; this only offers nothing else.
 */
patch(AttendeeCalendarModel.prototype, {
    normalizeRecord(rawRecord) {
        const record = super.normalizeRecord(rawRecord);
        if (rawRecord.pep_child_name) {
            record.title = `${rawRecord.pep_child_name}, ${record.title}`;
        }
        return record;
    },

    /** A move that was refused leaves the meeting where it was, also on the screen. */
    async updateRecord(record) {
        try {
            return await super.updateRecord(...arguments);
        } catch (error) {
            if (this.records[record.id]?.rawRecord.pep_is_meeting) {
                await this.load();
            }
            throw error;
        }
    },
});

patch(AttendeeCalendarCommonRenderer.prototype, {
    convertRecordToEvent(record) {
        const event = super.convertRecordToEvent(record);
        if (record.rawRecord?.pep_is_meeting) {
            event.editable = record.rawRecord.pep_can_move;
        }
        return event;
    },
});

patch(AttendeeCalendarCommonPopover.prototype, {
    get isEventDeletable() {
        return super.isEventDeletable && !this.props.record.rawRecord.pep_is_meeting;
    },
});

patch(AttendeeCalendarController.prototype, {
    async editRecord(record) {
        if (!record.rawRecord?.pep_is_meeting) {
            return super.editRecord(...arguments);
        }
        const action = await this.orm.call("calendar.event", "action_open_calendar_event", [record.id]);
        return this.actionService.doAction(action);
    },
});
