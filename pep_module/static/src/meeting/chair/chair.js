import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { deserializeDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import {
    Component,
    onMounted,
    onWillStart,
    onWillUnmount,
    useEffect,
    useExternalListener,
    useRef,
    useState,
} from "@odoo/owl";

import { ChairSaver } from "./chair_saver";

const MODEL = "pep.meeting";
const TICK = 15000; // the clock shows minutes
const EDITABLE = "textarea, select, [contenteditable=true], input:not([type=checkbox], [type=radio])";

/**
 * The chair's view of a meeting: agenda left, the point in the middle with who wrote what, targets, money and actions
 * right, who is here above. Saves as one types; everything can be done with the keyboard.
 */
export class PepChair extends Component {
    static template = "pep_module.Chair";
    static components = { DateTimeInput };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.root = useRef("root");
        this.meetingId = this.props.resId || this.props.action.context.active_id;
        this.state = useState({
            data: null,
            current: null,
            shared: true, // others see the screen
            keys: true, // single letters work
            help: false,
            peopleOpen: false,
            peopleShown: false, // on a phone
            agendaOpen: false,
            unfolded: {},
            adding: null,
            draft: {},
            next: {},
            drawn: 0,
            clock: Date.now(),
            ending: false,
        });
        this.saver = new ChairSaver(
            (changes) => this.orm.silent.call(MODEL, "chair_save", [[this.meetingId], changes]),
            (blocks) => this.show(blocks),
            () => this.state.drawn++
        );
        onWillStart(() => this.load());
        onMounted(() => {
            this.ticking = browser.setInterval(() => (this.state.clock = Date.now()), TICK);
            this.focusAgenda();
        });
        onWillUnmount(() => {
            browser.clearInterval(this.ticking);
            this.saver.stop();
        });
        useSetupAction({
            beforeLeave: () => this.beforeLeave(),
            beforeUnload: (ev) => this.beforeUnload(ev),
            beforeVisibilityChange: () => document.visibilityState === "hidden" && this.saver.flush(),
        });
        useExternalListener(window, "online", () => this.saver.flush());
        useExternalListener(window, "keydown", (ev) => {
            // what had the focus was taken off the screen, and nothing else is open
            if (ev.target === document.body && !document.querySelector(".o_dialog, .o_popover")) {
                this.onKeydown(ev);
            }
        });
        useEffect(
            () => {
                const entry = this.root.el?.querySelector(".o_pep_chair_agenda [aria-current]");
                entry?.scrollIntoView({ block: "nearest" });
            },
            () => [this.state.current]
        );
    }

    // === Reading ===

    async load(blocks) {
        const args = blocks ? [[this.meetingId], blocks] : [[this.meetingId]];
        this.show(await this.orm.call(MODEL, "chair_load", args));
        if (!blocks) {
            this.loadedAt = Date.now();
            this.env.config.setDisplayName(this.meeting.reference);
        }
        this.state.current = this.items.some((item) => item.key === this.state.current)
            ? this.state.current
            : this.firstOpen();
    }

    show(blocks) {
        this.state.data = { ...this.state.data, ...blocks };
        const { people, reviews, targets, points } = blocks;
        const rows = { person: people?.rows, review: reviews, target: targets, point: points };
        for (const kind in rows) {
            if (rows[kind]) {
                this.saver.adopt(kind, rows[kind]);
            }
        }
        if (blocks.notes) {
            this.saver.adopt("note", [blocks.notes]);
        }
        if (blocks.next && !this.state.next.touched) {
            this.state.next = {
                kind: blocks.next.kind || "date",
                date: blocks.next.date || "",
                month: blocks.next.month ? blocks.next.month.slice(0, 7) : "",
                note: blocks.next.note,
                touched: false,
            };
        }
    }

    get meeting() {
        return this.state.data.meeting;
    }

    get mayWrite() {
        return this.meeting.may_write;
    }

    // === The agenda ===

    /** Headings with their entries: previous targets first, then the points by what they are about. */
    get groups() {
        const { reviews, points, actions } = this.state.data;
        const first = {
            title: _t("Since last time"),
            items: reviews.map((row) => ({ key: `review-${row.id}`, kind: "review", row, title: row.name })),
        };
        if (actions.earlier.length) {
            first.items.push({ key: "earlier", kind: "earlier", row: {}, title: _t("Actions from last time") });
        }
        const groups = [first];
        for (const row of points) {
            const title = row.about || _t("Further points");
            const item = { key: `point-${row.id}`, kind: "point", row, title: row.name };
            if (row.previous) {
                first.items.push(item);
            } else if (groups.at(-1).title === title && groups.length > 1) {
                groups.at(-1).items.push(item);
            } else {
                groups.push({ title, items: [item] });
            }
        }
        return groups.filter((group) => group.items.length);
    }

    get items() {
        return this.groups.flatMap((group) => group.items);
    }

    get item() {
        return this.items.find((item) => item.key === this.state.current);
    }

    get position() {
        return this.items.findIndex((item) => item.key === this.state.current);
    }

    isDone(item) {
        if (item.kind === "review") {
            return Boolean(this.value("review", item.row, "outcome"));
        }
        if (item.kind === "earlier") {
            return this.state.data.actions.earlier.every((action) => action.state !== "open");
        }
        return this.value("point", item.row, "state") !== "open";
    }

    /** In words and with a sign: colour alone says nothing. */
    itemState(item) {
        if (item.kind === "review") {
            const outcome = this.value("review", item.row, "outcome");
            return outcome ? this.outcomeLabel(outcome) : _t("To review");
        }
        if (item.kind === "earlier") {
            return this.isDone(item) ? _t("Done") : _t("Open");
        }
        const states = { open: _t("Open"), discussed: _t("Discussed"), skipped: _t("Skipped") };
        return states[this.value("point", item.row, "state")];
    }

    itemIcon(item) {
        if (item.kind === "point" && this.value("point", item.row, "state") === "skipped") {
            return "fa-minus";
        }
        return this.isDone(item) ? "fa-check" : "fa-circle-o";
    }

    doneOf(group) {
        return group.items.filter((item) => this.isDone(item)).length;
    }

    firstOpen() {
        const item = this.items.find((item) => !this.isDone(item)) || this.items[0];
        return item ? item.key : null;
    }

    go(key) {
        this.state.current = key;
        this.state.agendaOpen = false;
    }

    move(step) {
        const item = this.items[this.position + step];
        if (item) {
            this.go(item.key);
            this.focusAgenda();
        }
    }

    /** The entry of the agenda takes the focus as soon as it has been drawn. */
    focusAgenda() {
        browser.setTimeout(() => {
            const agenda = this.root.el?.querySelector(".o_pep_chair_agenda");
            const entry = agenda?.querySelector("[aria-current]");
            (entry?.offsetParent ? entry : this.root.el?.querySelector(".o_pep_chair_point h2"))?.focus();
        });
    }

    focus(selector) {
        browser.setTimeout(() => this.root.el?.querySelector(selector)?.focus());
    }

    // === Values that save themselves ===

    value(kind, row, field) {
        this.state.drawn; // drawn again with every change
        return this.saver.value(kind, row, field);
    }

    change(kind, row, field) {
        this.state.drawn;
        return this.saver.change(kind, row, field);
    }

    trouble(kind, row, field) {
        const change = this.change(kind, row, field);
        return change && change.state !== "typed" ? change : null;
    }

    type(kind, row, field, ev) {
        this.saver.type(kind, row, field, ev.target.value);
    }

    set(kind, row, field, value) {
        if (this.mayWrite) {
            this.saver.set(kind, row, field, value);
        }
    }

    inWords(value) {
        if (value === true || value === false) {
            return value ? _t("Yes") : _t("No");
        }
        return value || _t("nothing");
    }

    get unsaved() {
        this.state.drawn;
        return this.saver.unsaved;
    }

    /** Half a sentence in a form on the right counts as unsaved as well. */
    get hasDraft() {
        const { adding, draft, next } = this.state;
        return Boolean((adding && (draft.name || "").trim()) || next.touched);
    }

    get sign() {
        this.state.drawn;
        const { saver } = this;
        if (saver.trouble) {
            const lost = saver.trouble === "lost";
            const why = lost ? _t("no connection") : _t("you are logged out, log in in another tab");
            return { kind: "trouble", text: _t("Not saved yet: %(why)s. Trying again.", { why }) };
        }
        if ([...saver.changes.values()].some((change) => change.state !== "typed")) {
            return { kind: "trouble", text: _t("Not saved yet: please look") };
        }
        if (saver.unsaved) {
            return { kind: "busy", text: _t("Saving…") };
        }
        return { kind: "saved", text: saver.savedOnce ? _t("Saved") : _t("Saves as you go") };
    }

    async beforeLeave() {
        if ((await this.saver.flush()) && !this.hasDraft) {
            return true;
        }
        return new Promise((resolve) => {
            this.dialog.add(
                ConfirmationDialog,
                {
                    title: _t("Not saved yet"),
                    body: _t("Some of what you typed is not saved. If you leave now it is lost."),
                    confirmLabel: _t("Leave without it"),
                    cancelLabel: _t("Stay here"),
                    confirm: () => resolve(true),
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            );
        });
    }

    beforeUnload(ev) {
        if (this.unsaved || this.hasDraft) {
            this.saver.flush();
            ev.preventDefault();
            ev.returnValue = _t("Not saved yet");
        }
    }

    // === The point ===

    setState(item, state) {
        this.set("point", item.row, "state", this.value("point", item.row, "state") === state ? "open" : state);
    }

    mark(state) {
        const item = this.item;
        if (item?.kind === "point" && this.mayWrite) {
            this.set("point", item.row, "state", state);
            this.move(1);
        }
    }

    skipRest() {
        const group = this.groups.find((group) => this.itemIn(group));
        for (const item of group.items) {
            if (item.kind === "point" && !this.isDone(item)) {
                this.set("point", item.row, "state", "skipped");
            }
        }
        const next = this.items.slice(this.position).find((item) => !this.isDone(item));
        this.go(next ? next.key : this.state.current);
        this.focusAgenda();
    }

    itemIn(group) {
        return group.items.find((item) => item.key === this.state.current);
    }

    edit() {
        this.focus(".o_pep_chair_point .o_pep_chair_edit");
    }

    // === Who sees what on a shared screen ===

    /** The roles in front of the screen: those ticked, and before anybody is, those who may come. */
    get rolesHere() {
        const rows = this.state.data.people.rows;
        const here = rows.filter((row) => this.value("person", row, "attended"));
        const mayCome = (row) => row.answer !== "declined" && !row.apologies && !row.apart;
        const present = here.length ? here : rows.filter(mayCome);
        return new Set(present.map((row) => row.role));
    }

    /** Why what somebody wrote waits for a click; empty when it can be shown. */
    foldedBecause(entry) {
        if (!entry.words || this.state.unfolded[this.foldKey(entry)]) {
            return "";
        }
        if (entry.private) {
            return _t("The child said this in private");
        }
        if (!this.state.shared) {
            return "";
        }
        if (!entry.handed_in) {
            return _t("Not handed in yet: a draft");
        }
        const labels = {
            teacher: _t("school"),
            social_worker: _t("social worker"),
            carer: _t("carer"),
            parent: _t("parent"),
            iro: _t("reviewing officer"),
        };
        const kept = [...this.rolesHere].filter((role) => labels[role] && !entry.readers.includes(role));
        return kept.length
            ? _t("Not meant for everybody here (%(roles)s)", { roles: kept.map((role) => labels[role]).join(", ") })
            : "";
    }

    foldKey(entry) {
        return `${this.state.current},${entry.part}`;
    }

    unfold(entry) {
        this.state.unfolded[this.foldKey(entry)] = true;
        this.focus(`.o_pep_chair_hide[data-part="${entry.part}"]`);
    }

    /** With a key: what is not meant for everybody. What the child said in private needs its own button. */
    unfoldShared() {
        for (const entry of this.item?.row.beside || []) {
            if (!entry.private && this.foldedBecause(entry)) {
                this.state.unfolded[this.foldKey(entry)] = true;
            }
        }
    }

    canFold(entry) {
        return Boolean(this.state.unfolded[this.foldKey(entry)]);
    }

    fold(entry) {
        delete this.state.unfolded[this.foldKey(entry)];
        this.focusAgenda();
    }

    toggleShared() {
        this.state.shared = !this.state.shared;
        this.state.unfolded = {};
    }

    /** On a shared screen nobody reads who comes apart from the others, nor names where they are kept from somebody. */
    get people() {
        const rows = this.state.data.people.rows;
        return this.state.shared ? rows.filter((row) => !row.apart) : rows;
    }

    get namesShown() {
        return !this.state.shared || !this.state.data.people.rows.some((row) => row.withheld);
    }

    get hereCount() {
        return this.people.filter((row) => this.value("person", row, "attended")).length;
    }

    /** Before anybody is ticked: who may not come. After that: who must be there and is not. */
    get gap() {
        if (this.meeting.state !== "planned" || !this.hereCount) {
            return this.meeting.state === "planned" && this.state.data.people.gap;
        }
        const missing = this.people.filter((row) => row.needed && !this.value("person", row, "attended"));
        const who = missing.map((row) => row.who).join(", ");
        return missing.length && _t("Must be there and is not: %(who)s", { who });
    }

    setPerson(row, field, ev) {
        const other = field === "attended" ? "apologies" : "attended";
        if (ev.target.checked && this.value("person", row, other)) {
            this.set("person", row, other, false);
        }
        this.set("person", row, field, ev.target.checked);
    }

    addPerson() {
        this.form("pep.meeting.attendee", _t("Somebody else is here"), {
            context: {
                default_meeting_id: this.meetingId,
                default_attended: true,
                form_view_ref: "pep_module.pep_meeting_attendee_view_form_chair",
            },
            blocks: ["people", "actions", "before_end"],
        });
    }

    // === Targets and money ===

    outcomeLabel(value) {
        return Object.fromEntries(this.meeting.outcomes)[value] || value;
    }

    form(resModel, title, { resId = false, context = {}, blocks }) {
        this.dialog.add(FormViewDialog, {
            resModel,
            resId,
            title,
            context,
            canExpand: false,
            onRecordSaved: () => this.load(blocks),
        });
    }

    addTarget() {
        this.form("pep.target", _t("New target"), {
            context: { default_plan_id: this.meeting.plan_id },
            blocks: ["targets", "before_end"],
        });
    }

    openTarget(row) {
        this.form("pep.target", _t("Target"), { resId: row.id, blocks: ["targets", "before_end"] });
    }

    /** PP+ for the last target unless one is named: that is the one just agreed. */
    addMoney(row) {
        const target = row || this.state.data.targets.at(-1);
        if (!target) {
            this.notification.add(_t("Agree a target first: the money is for a target."), { type: "info" });
            return;
        }
        this.form("pep.funding.request", _t("PP+ for “%(target)s”", { target: target.name }), {
            context: {
                default_target_id: target.id,
                default_plan_id: this.meeting.plan_id,
                form_view_ref: "pep_module.pep_funding_request_view_form_chair",
            },
            blocks: ["targets"],
        });
    }

    get targetCount() {
        return this.state.data.targets.length;
    }

    // === Actions ===

    startAction() {
        if (this.mayWrite) {
            this.state.adding = "action";
            this.state.draft = { name: "", owner: "", due: this.state.data.actions.due_date };
            this.focus("#o_pep_chair_action_name");
        }
    }

    startPoint() {
        if (this.mayWrite) {
            this.state.adding = "point";
            this.state.draft = { name: "" };
            this.state.agendaOpen = true;
            this.focus("#o_pep_chair_point_name");
        }
    }

    stopAdding() {
        this.state.adding = null;
        this.state.draft = {};
        this.focusAgenda();
    }

    /** Of whom something can be asked: by name, unless names are kept from somebody who sees the screen. */
    ownerLabel(owner) {
        const role = this.roleLabels[owner.role] || "";
        if (owner.role === "child") {
            return owner.name;
        }
        return this.namesShown && owner.name ? `${owner.name} (${role})` : role;
    }

    get roleLabels() {
        return Object.fromEntries(this.meeting.roles);
    }

    day(text) {
        return text ? deserializeDate(text) : false;
    }

    setDue(date) {
        this.state.draft.due = date ? serializeDate(date) : "";
    }

    async addAction() {
        const { name, owner, due } = this.state.draft;
        const asked = this.state.data.actions.owners[owner];
        if (!name.trim() || !asked) {
            this.notification.add(_t("What is to be done, and by whom?"), { type: "warning" });
            this.focus(name.trim() ? "#o_pep_chair_action_owner" : "#o_pep_chair_action_name");
            return;
        }
        const vals = { name, partner_id: asked.partner_id, role: asked.role, due_date: due };
        await this.orm.call(MODEL, "chair_add_action", [[this.meetingId], vals]);
        this.stopAdding();
        await this.load(["actions"]);
    }

    async addPoint() {
        if (this.state.draft.name.trim()) {
            this.show(await this.orm.call(MODEL, "chair_add_point", [[this.meetingId], this.state.draft.name]));
            this.state.current = this.items.at(-1).key;
        }
        this.stopAdding();
    }

    async tellAction(action, method) {
        const result = await this.orm.call("pep.action", method, [[action.id]]);
        if (result?.type) {
            await this.action.doAction(result, { onClose: () => this.load(["actions"]) });
        }
        await this.load(["actions"]);
    }

    shortDay(text) {
        return text ? this.day(text).toFormat("d MMM yyyy") : "";
    }

    // === The next meeting, and the end ===

    get nextKinds() {
        return [
            ["date", _t("A day")],
            ["month", _t("A month")],
            ["none", _t("None")],
        ];
    }

    /** The next year and a half, which is as far as a term's meeting is planned. */
    get months() {
        const first = deserializeDate(this.meeting.today).startOf("month");
        return Array.from({ length: 18 }, (_month, index) => {
            const month = first.plus({ months: index });
            return [month.toFormat("yyyy-MM"), month.toFormat("LLLL yyyy")];
        });
    }

    setNextDate(date) {
        this.touchNext({ date: date ? serializeDate(date) : "" });
    }

    touchNext(vals) {
        Object.assign(this.state.next, vals, { touched: true });
    }

    async setNext() {
        const { kind, date, month, note } = this.state.next;
        const args = [kind, kind === "date" && date, kind === "month" && month && `${month}-01`, note];
        const blocks = await this.orm.call(MODEL, "chair_set_next", [[this.meetingId], ...args]);
        this.state.next.touched = false;
        this.show(blocks);
    }

    focusNext() {
        this.focus("#o_pep_chair_next input:checked");
    }

    /** Asks once more when something is missing, or when it was a single key. */
    askEnd(byKey) {
        if (this.meeting.state !== "planned" || !this.mayWrite || this.state.ending) {
            return;
        }
        const missing = this.state.data.before_end;
        if (!byKey && !missing.length) {
            return this.end();
        }
        const left = this.items.filter((item) => !this.isDone(item)).length;
        const sentences = [
            missing.length && _t("Still missing: %(what)s.", { what: missing.join("; ") }),
            left && _t("Open on the agenda: %(left)s of %(all)s.", { left, all: this.items.length }),
            _t("You can go on writing until the PEP is complete."),
        ];
        this.dialog.add(ConfirmationDialog, {
            title: _t("End the meeting?"),
            body: sentences.filter(Boolean).join(" "),
            confirmLabel: _t("End it"),
            cancelLabel: _t("Go on"),
            confirm: () => this.end(),
            cancel: () => {},
        });
    }

    async end() {
        this.state.ending = true;
        try {
            if (!(await this.saver.flush()) || this.hasDraft) {
                this.notification.add(_t("Some of what you typed is not saved yet: see to that first."), {
                    type: "warning",
                });
                return;
            }
            const action = await this.orm.call(MODEL, "action_hold", [[this.meetingId]]);
            if (action?.type) {
                await this.action.doAction(action, { onClose: () => this.load() });
            }
            await this.load();
        } finally {
            this.state.ending = false;
        }
    }

    openPlan() {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "pep.plan",
            res_id: this.meeting.plan_id,
            views: [[false, "form"]],
        });
    }

    back() {
        this.env.config.historyBack();
    }

    /** How far the meeting is, in minutes by the server's clock. */
    get clock() {
        const { start, stop, now, state } = this.meeting;
        if (state !== "planned" || !start) {
            return "";
        }
        const seconds = now + (this.state.clock - this.loadedAt) / 1000;
        const [gone, whole] = [Math.floor((seconds - start) / 60), Math.round((stop - start) / 60)];
        if (gone < -120) {
            return "";
        }
        if (gone < 0) {
            return _t("Begins in %(minutes)s min", { minutes: -gone });
        }
        if (gone > whole + 720) {
            return "";
        }
        return gone <= whole
            ? _t("%(gone)s of %(whole)s min", { gone, whole })
            : _t("%(over)s min over", { over: gone - whole });
    }

    // === Keys ===

    get shortcuts() {
        return [
            ["J", _t("next entry of the agenda")],
            ["K", _t("entry before")],
            ["Enter", _t("write what was said; Esc leaves it")],
            ["Ctrl Enter", _t("while writing: discussed, next")],
            ["D", _t("discussed, next")],
            ["X", _t("skip it, next")],
            ["1 – 4", _t("outcome of a previous target")],
            ["C", _t("a previous target goes on")],
            ["T", _t("add a target")],
            ["P", _t("PP+ for the target agreed last")],
            ["A", _t("add an action")],
            ["O", _t("add a point to the agenda")],
            ["H", _t("who is here")],
            ["N", _t("the next meeting")],
            ["V", _t("show what waits for a click")],
            ["S", _t("others see this screen, or not")],
            ["E", _t("end the meeting")],
            ["?", _t("this list")],
        ];
    }

    onKeydown(ev) {
        if (ev.defaultPrevented || ev.isComposing) {
            return;
        }
        if (ev.target.closest(EDITABLE)) {
            this.onKeyInText(ev);
            return;
        }
        if (ev.ctrlKey || ev.altKey || ev.metaKey) {
            return;
        }
        const inAgenda = ev.target.closest(".o_pep_chair_agenda");
        const moves = { ArrowDown: 1, ArrowUp: -1 };
        if (inAgenda && moves[ev.key]) {
            this.move(moves[ev.key]);
        } else if (inAgenda && ev.key === "Enter" && ev.target.matches("[aria-current]")) {
            this.edit();
        } else if (ev.key === "Escape" && this.state.adding) {
            this.stopAdding();
        } else if (!this.state.keys || !this.onLetter(ev.key.toLowerCase())) {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
    }

    onKeyInText(ev) {
        if (ev.key === "Escape") {
            if (ev.target.closest(".o_pep_chair_adding")) {
                this.stopAdding();
            } else {
                this.focusAgenda();
            }
        } else if (ev.key === "Enter" && ev.ctrlKey && ev.target.closest(".o_pep_chair_point")) {
            if (this.item.kind === "point") {
                this.mark("discussed");
            } else {
                this.move(1);
            }
        } else {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
    }

    /** @returns {boolean} whether the key means something here */
    onLetter(key) {
        const item = this.item;
        const outcome = this.meeting.outcomes[Number(key) - 1];
        if (item?.kind === "review" && outcome) {
            this.set("review", item.row, "outcome", outcome[0]);
            return true;
        }
        if (item?.kind === "review" && key === "c") {
            this.set("review", item.row, "carry_forward", !this.value("review", item.row, "carry_forward"));
            return true;
        }
        const does = {
            j: () => this.move(1),
            k: () => this.move(-1),
            d: () => this.mark("discussed"),
            x: () => this.mark("skipped"),
            t: () => this.mayWrite && this.meeting.plan_open && this.addTarget(),
            p: () => this.mayWrite && this.meeting.plan_open && this.addMoney(),
            a: () => this.startAction(),
            o: () => this.startPoint(),
            h: () => this.focus(".o_pep_chair_people input"),
            n: () => this.focusNext(),
            v: () => this.unfoldShared(),
            s: () => this.toggleShared(),
            e: () => this.askEnd(true),
            "?": () => (this.state.help = !this.state.help),
        }[key];
        does?.();
        return Boolean(does);
    }
}

registry.category("actions").add("pep_chair", PepChair);
