import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const WIDTH = 720;
const HEIGHT = 220;
const LEFT = 44;
const RIGHT = 24;
const TOP = 28;
const BOTTOM = 34;

/**
 * A child's attendance term by term, with the council's line, and the teacher assessments beside each other. What is
 * drawn is also there as text: each point has its figure, and what is below the line has another shape.
 *
 * The value of the field is what `pep.child._evidence_charts` makes.
 */
export class PepEvidenceChart extends Component {
    static template = "pep_module.EvidenceChart";
    static props = { ...standardFieldProps };

    get chart() {
        return this.props.record.data[this.props.name] || { attendance: [], subjects: [], days: [] };
    }

    get size() {
        return { width: WIDTH, height: HEIGHT, left: LEFT, right: WIDTH - RIGHT };
    }

    /** The lowest percentage that is drawn: a full ten below everything that there is to see. */
    get lowest() {
        const values = this.chart.attendance.map((term) => term.percentage);
        return Math.max(0, Math.floor((Math.min(this.chart.line, ...values) - 2) / 10) * 10);
    }

    y(percentage) {
        const share = (percentage - this.lowest) / (100 - this.lowest);
        return Math.round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP));
    }

    get points() {
        const terms = this.chart.attendance;
        const step = (WIDTH - LEFT - RIGHT) / terms.length;
        return terms.map((term, index) => {
            const x = Math.round(LEFT + step * (index + 0.5));
            const y = this.y(term.percentage);
            const lines = [`${term.term}: ${term.percentage} %`];
            lines.push(
                _t("%(missed)s of %(possible)s sessions missed", { missed: term.missed, possible: term.possible })
            );
            if (term.note) {
                lines.push(term.note);
            }
            if (term.flags.includes("dual")) {
                lines.push(_t("Two schools gave figures for the same days: the main school's count"));
            }
            if (term.flags.includes("beyond")) {
                lines.push(_t("Part of it lies in another term"));
            }
            return { ...term, index, x, y, title: lines.join("\n"), triangle: `${x},${y + 6} ${x - 6},${y - 5} ${x + 6},${y - 5}` };
        });
    }

    get path() {
        return this.points.map(({ x, y }) => `${x},${y}`).join(" ");
    }

    get grid() {
        const lines = [];
        for (let percentage = this.lowest; percentage <= 100; percentage += this.lowest < 60 ? 20 : 10) {
            lines.push({ percentage, y: this.y(percentage) });
        }
        return lines;
    }

    get label() {
        const terms = this.chart.attendance.map(({ term, percentage }) => `${term} ${percentage} %`);
        return _t("Attendance by term: %s", terms.join(", "));
    }

    get lineLabel() {
        return _t("Expected: %s %", this.chart.line);
    }

    sign(level) {
        return { below: "▼", on: "●", above: "▲" }[level];
    }

    tone(level) {
        return { below: "text-danger", on: "text-success", above: "text-primary" }[level];
    }
}

registry.category("fields").add("pep_evidence_chart", {
    component: PepEvidenceChart,
    supportedTypes: ["json"],
    isEmpty: () => false,
});
