import { Component, onMounted, onWillUnmount, useEffect, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/**
 * Carries a running import of an SSDA903 return on, step by step, and shows how far it is. Each step is saved by the
 * server, so leaving the page only pauses the import: opening it again goes on where it was.
 */
export class PepSsda903Progress extends Component {
    static template = "pep_module.Ssda903Progress";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        const { position, child_total: total } = this.props.record.data;
        this.state = useState({ position, total, failed: false });
        this.alive = false;
        this.working = false;
        onMounted(() => (this.alive = true));
        onWillUnmount(() => (this.alive = false));
        useEffect(
            (state) => {
                if (state === "running") {
                    this.carryOn();
                }
            },
            () => [this.props.record.data.state]
        );
    }

    get percent() {
        return this.state.total ? Math.floor((100 * this.state.position) / this.state.total) : 0;
    }

    get label() {
        return _t("%(done)s of %(total)s children", {
            done: this.state.position.toLocaleString(),
            total: this.state.total.toLocaleString(),
        });
    }

    async carryOn() {
        if (this.working) {
            return;
        }
        this.working = true;
        this.state.failed = false;
        try {
            await this.takeSteps();
        } catch (error) {
            this.state.failed = true;
            throw error;
        } finally {
            this.working = false;
        }
    }

    async takeSteps() {
        const { resModel, resId } = this.props.record;
        let state = "running";
        while (this.alive && state === "running") {
            const before = this.state.position;
            const step = await this.orm.silent.call(resModel, "action_import_step", [[resId]]);
            Object.assign(this.state, { position: step.position, total: step.total });
            state = step.state;
            if (state === "running" && step.position === before) {
                // another page, or the server by itself, is at it
                await new Promise((resolve) => browser.setTimeout(resolve, 1000));
            }
        }
        if (this.alive) {
            await this.props.record.model.load();
        }
    }
}

registry.category("view_widgets").add("pep_ssda903_progress", { component: PepSsda903Progress });
