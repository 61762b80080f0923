import { Figures } from "@pep_module/plan/board_figures";
import { registry } from "@web/core/registry";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

/** The clocks, under how many of each kind are late. */
export class LateListRenderer extends ListRenderer {
    static template = "pep_module.LateListRenderer";
    static components = { ...ListRenderer.components, Figures };
}

registry.category("views").add("pep_late_list", { ...listView, Renderer: LateListRenderer });
