import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { CalendarCommonPopover } from "@web/views/calendar/calendar_common/calendar_common_popover";
import { CalendarCommonRenderer } from "@web/views/calendar/calendar_common/calendar_common_renderer";
import { CalendarRenderer } from "@web/views/calendar/calendar_renderer";
import { calendarView } from "@web/views/calendar/calendar_view";

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
}

class MeetingRenderer extends CalendarRenderer {
    static components = {
        ...CalendarRenderer.components,
        day: MeetingCommonRenderer,
        week: MeetingCommonRenderer,
        month: MeetingCommonRenderer,
    };
}

registry.category("views").add("pep_meeting_calendar", { ...calendarView, Renderer: MeetingRenderer });
