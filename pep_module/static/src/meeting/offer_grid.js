/** @odoo-module **/

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component } from "@odoo/owl";

/**
 * Who can when: the times that are offered for a meeting across, the people down. Staff tick for whoever told them, and
 * choose a time.
 */
export class OfferGrid extends Component {
    static template = "pep_module.OfferGrid";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
    }

    get grid() {
        return this.props.record.data[this.props.name];
    }

    get words() {
        return [
            ["", _t("Not said")],
            ["yes", _t("Can")],
            ["perhaps", _t("Perhaps")],
            ["no", _t("Can't")],
        ];
    }

    get chairWords() {
        return { free: _t("Free"), busy: _t("Busy"), unknown: _t("Not known") };
    }

    colour(word) {
        return { yes: "table-success", perhaps: "table-warning", no: "table-danger" }[word] || "";
    }

    async tick(person, option, word) {
        await this.orm.call("pep.meeting.attendee", "action_tick_options", [[person.id], { [option.id]: word }]);
        await this.props.record.load();
    }

    choose(option) {
        const missing = option.without ? _t(" Can't come, but must be there: %s.", option.without) : "";
        this.dialog.add(ConfirmationDialog, {
            title: _t("Choose this time"),
            body: _t("%(day)s, %(time)s. Everybody on the list is invited.", option) + missing,
            confirmLabel: _t("Choose it and invite"),
            confirm: async () => {
                if (await this.props.record.save()) {
                    await this.orm.call("pep.meeting.option", "action_confirm_option", [[option.id]]);
                    await this.props.record.load();
                }
            },
            cancel: () => {},
        });
    }
}

registry.category("fields").add("pep_offer_grid", { component: OfferGrid, supportedTypes: ["json"] });
