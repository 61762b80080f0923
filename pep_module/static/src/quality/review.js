import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Component, onMounted, onPatched, onWillStart, onWillUnmount, useEffect, useExternalListener, useRef, useState } from "@odoo/owl";

import { ChairSaver } from "../meeting/chair/chair_saver";

const MODEL = "pep.review";
const EDITABLE = "textarea, select, [contenteditable=true], input:not([type=checkbox], [type=radio])";

/**
 * A PEP is judged: the areas left, what the grades of one mean in the middle, the PEP's own data right, the overall
 * grade above. Saves as one marks; a letter gives a grade and goes on to the next area.
 */
export class PepReview extends Component {
    static template = "pep_module.Review";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.root = useRef("root");
        this.reviewId = this.props.resId || this.props.action.context.active_id;
        this.state = useState({
            data: null,
            current: 0, // position of the area
            help: false,
            finishing: false, // the last step is open
            returning: false, // in it, the PEP goes back
            parts: {}, // id -> words of its own, of those that go back
            reason: "",
            otherwise: false,
            trouble: "",
            drawn: 0,
            busy: false,
        });
        this.saver = new ChairSaver(
            (changes) => this.orm.silent.call(MODEL, "review_save", [[this.reviewId], changes]),
            (blocks) => this.show(blocks),
            () => this.state.drawn++
        );
        onWillStart(() => this.load());
        onMounted(() => this.focusArea());
        onPatched(() => this.focusNow());
        onWillUnmount(() => this.saver.stop());
        useSetupAction({
            beforeLeave: () => this.saver.flush(),
            beforeUnload: (ev) => this.beforeUnload(ev),
            beforeVisibilityChange: () => document.visibilityState === "hidden" && this.saver.flush(),
        });
        useExternalListener(window, "online", () => this.saver.flush());
        useExternalListener(window, "keydown", (ev) => {
            if (ev.target === document.body && !document.querySelector(".o_dialog, .o_popover")) {
                this.onKeydown(ev); // what had the focus was taken off the screen
            }
        });
        useEffect(
            () => {
                this.root.el?.querySelector(".o_pep_review_data")?.scrollTo(0, 0);
                const entry = this.root.el?.querySelector(".o_pep_review_areas [aria-current]");
                entry?.scrollIntoView({ block: "nearest" });
            },
            () => [this.state.current, this.state.finishing]
        );
    }

    // === Reading ===

    async load() {
        this.show(await this.orm.call(MODEL, "review_load", [[this.reviewId]]));
        this.env.config.setDisplayName(this.review.reference);
        this.state.otherwise = Boolean(this.review.override_grade_id);
        const open = this.lines.findIndex((row) => !this.isDone(row));
        this.state.current = Math.max(open, 0);
        this.state.finishing = this.mayMark && open < 0;
    }

    show(blocks) {
        this.state.data = { ...this.state.data, ...blocks };
        if (blocks.lines) {
            this.saver.adopt("line", blocks.lines);
        }
        if (blocks.review) {
            this.saver.adopt("review", [blocks.review]);
        }
    }

    get review() {
        return this.state.data.review;
    }

    get rubric() {
        return this.state.data.rubric;
    }

    get lines() {
        return this.state.data.lines;
    }

    get line() {
        return this.lines[this.state.current];
    }

    get overall() {
        return this.state.data.overall;
    }

    get mayMark() {
        return this.review.may_mark;
    }

    value(kind, row, field) {
        this.state.drawn; // what is typed and not sent yet is drawn as well
        return this.saver.value(kind, row, field);
    }

    change(kind, row, field) {
        this.state.drawn;
        return this.saver.change(kind, row, field);
    }

    grade(id) {
        return this.rubric.grades.find((grade) => grade.id === id);
    }

    isDone(row) {
        return Boolean(this.value("line", row, "grade_id") || this.value("line", row, "left_out"));
    }

    /** In words: colour alone says nothing. */
    gradeLabel(row) {
        if (this.value("line", row, "left_out")) {
            return _t("Left out");
        }
        return this.grade(this.value("line", row, "grade_id"))?.name || _t("To grade");
    }

    colour(row) {
        return this.grade(this.value("line", row, "grade_id"))?.colour || "";
    }

    get sign() {
        const { saver } = this;
        this.state.drawn;
        if (saver.trouble === "logged_out") {
            return { kind: "trouble", text: _t("Not saved: log in again in another tab") };
        }
        if (saver.trouble) {
            return { kind: "trouble", text: _t("Not saved: no connection. It is tried again.") };
        }
        if (saver.unsaved) {
            return { kind: "busy", text: saver.sending ? _t("Saving…") : _t("Not saved yet") };
        }
        return saver.savedOnce ? { kind: "saved", text: _t("Saved") } : { kind: "none", text: "" };
    }

    // === Marking ===

    setGrade(row, grade) {
        if (!this.mayMark) {
            return;
        }
        const again = this.value("line", row, "grade_id") === grade.id;
        if (this.value("line", row, "left_out")) {
            this.saver.set("line", row, "left_out", false);
        }
        this.saver.set("line", row, "grade_id", again ? 0 : grade.id);
    }

    /** With a key: the grade, and on to the next area; unless it needs a word of why. */
    gradeByKey(grade) {
        const row = this.line;
        if (this.value("line", row, "grade_id") !== grade.id) {
            this.setGrade(row, grade);
        }
        if (grade.sends_back && !this.value("line", row, "comment")) {
            this.focus("#o_pep_review_comment");
        } else {
            this.go(1);
        }
    }

    setLeftOut(row, leftOut) {
        if (leftOut && this.value("line", row, "grade_id")) {
            this.saver.set("line", row, "grade_id", 0);
        }
        this.saver.set("line", row, "left_out", leftOut);
    }

    type(kind, row, field, ev) {
        this.saver.type(kind, row, field, ev.target.value);
    }

    blur() {
        this.saver.flush();
    }

    // === Going from area to area ===

    select(position) {
        this.state.current = position;
        this.state.finishing = false;
        this.focusArea();
    }

    go(step) {
        if (this.state.finishing && step < 0) {
            this.state.finishing = false;
            this.focusArea();
            return;
        }
        const next = this.state.current + step;
        if (next >= this.lines.length) {
            this.openFinish();
        } else if (next >= 0) {
            this.select(next);
        }
    }

    focusArea() {
        this.focus(".o_pep_review_areas [aria-current]");
    }

    /** Once the screen is drawn, what was asked for has the focus. */
    focus(selector) {
        this.wanted = selector;
        this.state.drawn++;
    }

    focusNow() {
        const target = this.wanted && this.root.el?.querySelector(this.wanted);
        this.wanted = null;
        target?.focus();
    }

    onKeydown(ev) {
        if (ev.ctrlKey || ev.metaKey || ev.altKey) {
            return;
        }
        if (ev.target.matches?.(EDITABLE)) {
            if (ev.key === "Escape") {
                this.saver.flush();
                this.focusArea();
                ev.preventDefault();
                ev.stopPropagation();
            }
            return;
        }
        const done = this.onLetter(ev.key);
        if (done) {
            ev.preventDefault();
            ev.stopPropagation();
        }
    }

    onLetter(key) {
        const grade = this.mayMark && !this.state.finishing && this.rubric.grades.find((row) => row.key === key.toLowerCase());
        if (grade) {
            this.gradeByKey(grade);
            return true;
        }
        const position = this.state.current;
        const acts = {
            ArrowDown: () => this.go(1),
            ArrowUp: () => this.go(-1),
            "/": () => this.mayMark && !this.state.finishing && this.focus("#o_pep_review_comment"),
            0: () =>
                this.mayMark &&
                !this.state.finishing &&
                this.lines[position].may_leave_out &&
                this.setLeftOut(this.line, !this.value("line", this.line, "left_out")),
            "?": () => (this.state.help = !this.state.help),
        };
        acts[key]?.();
        return key in acts;
    }

    // === The last step ===

    openFinish() {
        this.state.finishing = true;
        this.state.trouble = "";
        this.focus(".o_pep_review_finish h2");
    }

    setOtherwise(on) {
        this.state.otherwise = on;
        if (!on) {
            this.saver.set("review", this.review, "override_grade_id", 0);
            this.saver.set("review", this.review, "override_reason", "");
        }
    }

    setOverride(ev) {
        this.saver.set("review", this.review, "override_grade_id", Number(ev.target.value));
    }

    get open() {
        return this.lines.filter((row) => !this.isDone(row));
    }

    startReturn() {
        this.state.returning = true;
        this.focus("#o_pep_review_reason");
    }

    tickPart(part, ev) {
        if (ev.target.checked) {
            this.state.parts[part.id] = "";
        } else {
            delete this.state.parts[part.id];
        }
    }

    async finish(outcome) {
        if (this.state.busy) {
            return;
        }
        this.state.trouble = "";
        this.state.busy = true;
        try {
            if (!(await this.saver.flush())) {
                this.state.trouble = _t("Something is not saved yet. Look at the area that says so.");
                return;
            }
            const parts = Object.entries(this.state.parts).map(([id, reason]) => ({ id: Number(id), reason }));
            const args = outcome === "returned" ? [outcome, parts, this.state.reason] : [outcome];
            this.show(await this.orm.silent.call(MODEL, "review_finish", [[this.reviewId], ...args]));
            this.notification.add(
                { returned: _t("The PEP is back with those who put it right.") }[outcome] || _t("The review is done."),
                { type: "success" }
            );
            await this.back();
        } catch (error) {
            if (!error?.data?.message) {
                throw error;
            }
            this.state.trouble = error.data.message;
            this.focus(".o_pep_review_trouble");
        } finally {
            this.state.busy = false;
        }
    }

    async takeOver() {
        this.show(await this.orm.call(MODEL, "review_take_over", [[this.reviewId]]));
    }

    // === Leaving ===

    async openPlan() {
        await this.saver.flush();
        await this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "pep.plan",
            res_id: this.review.plan_id,
            views: [[false, "form"]],
        });
    }

    async back() {
        await this.saver.flush();
        if (this.env.config.breadcrumbs?.length > 1) {
            this.action.restore();
        } else {
            await this.openPlan();
        }
    }

    beforeUnload(ev) {
        if (this.saver.unsaved) {
            this.saver.flush();
            ev.preventDefault();
            ev.returnValue = "";
        }
    }
}

registry.category("actions").add("pep_review", PepReview);
