import { Component, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";

/**
 * What to look at besides the records on screen: a number each, and a way to the records behind it. Staff of the
 * virtual school get it; for the others the server returns nothing.
 */
export class Figures extends Component {
    static template = "pep_module.Figures";
    static props = { model: String, method: String };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ figures: [] });
        onWillStart(async () => {
            this.state.figures = await this.orm.call(this.props.model, this.props.method, []);
        });
    }

    open(figure) {
        const context = figure.filter ? { [`search_default_${figure.filter}`]: 1 } : {};
        const options = { additionalContext: context };
        if (figure.filter) {
            options.viewType = "list";
        }
        this.action.doAction(figure.action, options);
    }
}

export class PepBoardRenderer extends KanbanRenderer {
    static template = "pep_module.BoardRenderer";
    static components = { ...KanbanRenderer.components, Figures };
}

registry.category("views").add("pep_board", { ...kanbanView, Renderer: PepBoardRenderer });
