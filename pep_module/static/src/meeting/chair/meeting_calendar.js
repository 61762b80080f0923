import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { CalendarCommonPopover } from "@web/views/calendar/calendar_common/calendar_common_popover";
import { CalendarCommonRenderer } from "@web/views/calendar/calendar_common/calendar_common_renderer";
import { CalendarModel } from "@web/views/calendar/calendar_model";
import { CalendarRenderer } from "@web/views/calendar/calendar_renderer";
import { calendarView } from "@web/views/calendar/calendar_view";

/** Named for those who may see the child; a move that was refused leaves the meeting where it was on the screen. */
class MeetingModel extends CalendarModel {
    normalizeRecord(rawRecord) {
        const record = super.normalizeRecord(rawRecord);
        record.title = rawRecord.child_name || record.title;
        return record;
    }

    async updateRecord() {
        try {
            return await super.updateRecord(...arguments);
        } catch (error) {
            await this.load();
            throw error;
        }
    }
}

/** The calendar of meetings: from a meeting in it, straight to the chair's view. */
class MeetingPopover extends CalendarCommonPopover {
    static subTemplates = { ...CalendarCommonPopover.subTemplates, footer: "pep_module.MeetingPopover.footer" };

    setup() {
        super.setup();
        this.orm = useService("orm");
        this.action = useService("action");
    }

    get mayChair() {
        return ["planned", "held"].includes(this.props.record.rawRecord.state);
    }

    async onChair() {
        const action = await this.orm.call("pep.meeting", "action_chair", [[this.props.record.id]]);
        this.props.close();
        await this.action.doAction(action);
    }
}

class MeetingCommonRenderer extends CalendarCommonRenderer {
    static components = { ...CalendarCommonRenderer.components, Popover: MeetingPopover };

    /** Held or cancelled, it stays where it was. */
    convertRecordToEvent(record) {
        const event = super.convertRecordToEvent(record);
        if (record.rawRecord?.state !== "planned") {
            event.editable = false;
        }
        return event;
    }
}

class MeetingRenderer extends CalendarRenderer {
    static components = {
        ...CalendarRenderer.components,
        day: MeetingCommonRenderer,
        week: MeetingCommonRenderer,
        month: MeetingCommonRenderer,
    };
}

registry.category("views").add("pep_meeting_calendar", {
    ...calendarView,
    Model: MeetingModel,
    Renderer: MeetingRenderer,
});
