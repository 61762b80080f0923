import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const STYLES = {
    late: "text-bg-danger",
    soon: "text-bg-warning",
    later: "o_pep_clock_later",
};
const ICONS = { late: "fa-exclamation-circle", soon: "fa-clock-o", later: "fa-clock-o" };

/**
 * What is late, and what is due next: a chip each. The server says in words how many days, by the council's own day;
 * how that was worked out stands in the tooltip, and on the form in full.
 */
export class Clocks extends Component {
    static template = "pep_module.Clocks";
    static props = { ...standardFieldProps };

    get clocks() {
        return this.props.record.data[this.props.name] || [];
    }

    style(clock) {
        return STYLES[clock.level];
    }

    icon(clock) {
        return ICONS[clock.level];
    }
}

registry.category("fields").add("pep_clocks", { component: Clocks, supportedTypes: ["json"] });
