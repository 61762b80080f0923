import { registry } from "@web/core/registry";
import { Component } from "@odoo/owl";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/**
 * A code for the young person's own page, shown once: what is in this dialog is kept nowhere.
 */
export class VoiceCode extends Component {
    static template = "pep_module.VoiceCode";
    static props = { ...standardActionServiceProps };

    setup() {
        this.code = this.props.action.params.code;
        this.address = this.props.action.params.address;
        this.until = this.props.action.params.until;
    }

    print() {
        window.print();
    }
}

registry.category("actions").add("pep_voice_code", VoiceCode);
