import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";

const PAUSE = 2000; // ms without typing after which is saved
const LONGEST = 5000; // ms after which is saved though somebody goes on typing
const PATIENCE = 20000; // ms to wait for an answer
const FIRST_RETRY = 2000;
const LAST_RETRY = 30000;
const KEEPALIVE = 60000; // characters that a browser still sends when the page is left

/**
 * A part of a PEP that saves itself as it is typed.
 *
 * What is typed lives in the fields of this page and nowhere else: nothing is stored on the device. Until the server has
 * said that it has a value, that value counts as not saved, is sent again, and the page warns before it is left. The server
 * alone decides; a conflict with somebody else's answer is shown beside one's own and waits for a decision.
 */
export class SectionForm extends Interaction {
    static selector = ".o_pep_form";
    dynamicContent = {
        _root: {
            "t-on-input": this.onInput,
            "t-on-change": this.onChange,
            "t-on-focusout": this.onLeaveField,
            "t-on-click": this.onClick,
            "t-on-submit": this.onSubmit,
        },
        _window: {
            "t-on-beforeunload": this.onBeforeUnload,
            "t-on-pagehide": this.onHide,
            "t-on-online": this.onOnline,
        },
        _document: { "t-on-visibilitychange": this.onVisibility },
    };

    setup() {
        this.token = this.el.querySelector("input[name=csrf_token]").value;
        this.state = this.el.querySelector(".o_pep_state");
        this.trouble = this.el.querySelector(".o_pep_trouble");
        this.page = this.el.dataset.save.replace(/\/save$/, "");
        this.questions = new Map();
        for (const el of this.el.querySelectorAll(".o_pep_question")) {
            const version = el.querySelector(`input[name="version-${el.dataset.question}"]`);
            this.questions.set(el.dataset.question, {
                id: el.dataset.question,
                el,
                version,
                saved: this.tidy(el.dataset.saved),
                refused: null,
                conflict: el.querySelector(".o_pep_conflict:not([hidden])") ? {} : null,
            });
        }
        this.retry = FIRST_RETRY;
        this.sending = null;
        this.closed = false;
        this.leaving = false;
        this.changedAt = null;
    }

    start() {
        this.el.classList.add("o_pep_alive");
        for (const copy of this.el.querySelectorAll(".o_pep_copy")) {
            copy.hidden = !navigator.clipboard;
        }
        for (const area of this.el.querySelectorAll("textarea")) {
            this.grow(area);
        }
        for (const question of this.questions.values()) {
            this.offerClear(question);
        }
        document.getElementById("summary")?.focus();
        // typed before this script was there
        if (this.dirty().length) {
            this.schedule();
        }
    }

    destroy() {
        clearTimeout(this.timer);
        this.el.classList.remove("o_pep_alive");
    }

    // === What is on the page ===

    tidy(text) {
        return (text || "").replace(/\r\n/g, "\n");
    }

    value(question) {
        const field = question.el.querySelector("textarea, input[type=text], input[type=date]");
        if (field) {
            return this.tidy(field.value);
        }
        return question.el.querySelector("input[type=radio]:checked")?.value || "";
    }

    put(question, value) {
        const field = question.el.querySelector("textarea, input[type=text], input[type=date]");
        if (field) {
            field.value = value;
            this.grow(field);
            return;
        }
        for (const radio of question.el.querySelectorAll("input[type=radio]")) {
            radio.checked = radio.value === value;
        }
        this.offerClear(question);
    }

    /** Questions whose field holds something that the server does not have. */
    unsaved() {
        return [...this.questions.values()].filter((question) => this.value(question) !== question.saved);
    }

    /** Those of them that can be sent: not what was refused as it stands, nor what waits for a decision. */
    dirty() {
        return this.unsaved().filter(
            (question) => !question.conflict && this.value(question) !== question.refused
        );
    }

    questionOf(target) {
        const el = target.closest?.(".o_pep_question");
        return el && this.questions.get(el.dataset.question);
    }

    grow(area) {
        if (area.tagName === "TEXTAREA" && !CSS.supports("field-sizing", "content")) {
            area.style.height = "auto";
            area.style.height = `${area.scrollHeight + 2}px`;
        }
    }

    /** A choice can be taken back: a radio button alone can't be. */
    offerClear(question) {
        const choices = question.el.querySelector("fieldset .o_pep_choices");
        if (!choices) {
            return;
        }
        let button = choices.parentElement.querySelector(".o_pep_clear");
        if (!button) {
            button = document.createElement("button");
            button.type = "button";
            button.className = "btn btn-link o_pep_clear";
            button.textContent = _t("Take my answer back");
            choices.after(button);
        }
        button.hidden = !this.value(question);
    }

    // === What people do ===

    onInput(event) {
        const question = this.questionOf(event.target);
        if (question) {
            this.grow(event.target);
            this.touched(question);
            this.schedule();
        }
    }

    onChange(event) {
        const question = this.questionOf(event.target);
        if (question) {
            this.touched(question);
            this.offerClear(question);
            this.save();
        }
    }

    onLeaveField(event) {
        if (this.questionOf(event.target) && this.dirty().length) {
            this.save();
        }
    }

    onClick(event) {
        const button = event.target.closest("button, a");
        const question = button && this.questionOf(button);
        if (!question) {
            return;
        }
        if (button.classList.contains("o_pep_still")) {
            this.put(question, this.tidy(question.el.dataset.last));
            this.settled(question);
            this.save();
        } else if (button.classList.contains("o_pep_change")) {
            this.put(question, this.tidy(question.el.dataset.last));
            this.settled(question);
            this.schedule();
        } else if (button.classList.contains("o_pep_clear")) {
            this.put(question, "");
            this.touched(question);
            this.save();
            question.el.querySelector("input").focus();
        } else if (button.name === "mine") {
            question.version.value = question.conflict.version ?? question.version.value;
            this.endConflict(question);
            this.save();
        } else if (button.name === "take") {
            const theirs = question.conflict.value ?? question.el.querySelector(".o_pep_theirs").textContent;
            question.version.value = question.conflict.version ?? question.version.value;
            question.saved = this.tidy(theirs);
            this.put(question, question.saved);
            this.endConflict(question);
            this.show();
        } else if (button.classList.contains("o_pep_copy")) {
            const theirs = question.el.querySelector(".o_pep_theirs").textContent;
            navigator.clipboard.writeText(theirs).then(() => (button.textContent = _t("Copied")));
        } else {
            return;
        }
        event.preventDefault();
    }

    /** "From last time" has been confirmed or is being changed: the field takes its place. */
    settled(question) {
        question.el.classList.remove("o_pep_pending");
        question.el.querySelector(".o_pep_last")?.setAttribute("hidden", "hidden");
        question.el.querySelector("textarea, input:not([type=hidden])").focus();
    }

    touched(question) {
        if (this.value(question) !== question.refused) {
            this.message(question, "");
        }
        this.show();
    }

    async onSubmit(event) {
        event.preventDefault();
        const handIn = event.submitter?.classList.contains("o_pep_hand_in");
        await this.flush();
        if (!handIn) {
            return;
        }
        const waiting = this.unsaved();
        if (waiting.length) {
            this.tell(
                this.closed || waiting.some((question) => question.conflict || question.refused !== null)
                    ? _t("Before you can hand it in, look at the questions that are not saved.")
                    : _t("Not handed in: some of what you typed is not saved yet. We keep trying.")
            );
            waiting[0].el.scrollIntoView({ block: "center" });
            return;
        }
        this.leaving = true;
        this.el.action = event.submitter.formAction;
        this.el.submit();
    }

    onBeforeUnload(event) {
        if (!this.leaving && this.unsaved().length) {
            this.save(true);
            event.preventDefault();
        }
    }

    onHide() {
        this.save(true);
    }

    onVisibility() {
        if (document.visibilityState === "hidden") {
            this.save(true);
        }
    }

    onOnline() {
        this.retry = FIRST_RETRY;
        this.save();
    }

    // === Saving ===

    schedule() {
        const now = Date.now();
        this.changedAt ??= now;
        this.after(Math.max(0, Math.min(PAUSE, this.changedAt + LONGEST - now)));
        this.show();
    }

    after(delay) {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.save(), delay);
    }

    /** Save until nothing is left that can be saved, or the connection is gone. */
    async flush() {
        for (let turn = 0; turn < 5 && this.dirty().length; turn++) {
            const well = await this.save();
            if (!well) {
                return;
            }
        }
    }

    /**
     * Send what is not saved. One request at a time.
     *
     * @param {boolean} last the page is about to go: let the browser finish the request
     * @returns {Promise<boolean>} whether the server answered
     */
    save(last = false) {
        clearTimeout(this.timer);
        if (this.sending) {
            return this.sending.then(() => (last ? true : this.save()));
        }
        const dirty = this.closed ? [] : this.dirty();
        if (!dirty.length) {
            this.show();
            return Promise.resolve(true);
        }
        this.sending = this.send(dirty, last).finally(() => {
            this.sending = null;
            this.show();
        });
        this.show();
        return this.sending;
    }

    async send(dirty, last) {
        const sent = new Map(dirty.map((question) => [question, this.value(question)]));
        const form = new FormData();
        form.append("csrf_token", this.token);
        let size = 0;
        for (const [question, value] of sent) {
            form.append(`answer-${question.id}`, value);
            form.append(`version-${question.id}`, question.version.value);
            size += value.length;
        }
        this.changedAt = null;
        let answer;
        try {
            const response = await fetch(this.el.dataset.save, {
                method: "POST",
                body: form,
                redirect: "manual",
                keepalive: last && size < KEEPALIVE,
                signal: AbortSignal.timeout(PATIENCE),
            });
            if (response.type === "opaqueredirect" || response.status === 400) {
                return this.signedOut();
            }
            if (response.status === 404) {
                return this.close(_t("This part is not yours any more, or has been closed."));
            }
            if (!response.ok) {
                throw new Error(response.statusText);
            }
            answer = await response.json();
        } catch {
            this.failed = true;
            this.after(this.retry);
            this.retry = Math.min(this.retry * 2, LAST_RETRY);
            return false;
        }
        this.failed = false;
        this.retry = FIRST_RETRY;
        if (answer.closed) {
            return this.close(answer.closed);
        }
        this.tell("");
        for (const [question, value] of sent) {
            this.take(question, value, answer.results[question.id]);
        }
        this.savedAt = answer.saved;
        this.progress(answer);
        if (this.dirty().length) {
            this.after(PAUSE);
        }
        return true;
    }

    /** What the server made of one value. */
    take(question, value, result) {
        if (result.status === "saved" || result.status === "same") {
            question.saved = value;
            question.refused = null;
            question.version.value = result.version;
            this.message(question, "");
        } else if (result.status === "refused") {
            question.refused = value;
            this.message(question, result.message);
        } else if (result.status === "conflict") {
            question.conflict = result;
            const box = question.el.querySelector(".o_pep_conflict");
            box.querySelector(".o_pep_by").textContent = result.by;
            box.querySelector(".o_pep_on").textContent = result.on;
            box.querySelector(".o_pep_theirs").textContent = this.words(question, result.value);
            box.hidden = false;
            question.el.classList.add("o_pep_wrong");
            this.tell(_t("Somebody else has answered a question that you answered. Choose which answer stays."));
        }
    }

    words(question, value) {
        const radio = [...question.el.querySelectorAll("input[type=radio]")].find((input) => input.value === value);
        return radio ? radio.parentElement.textContent.trim() : value || _t("(taken back)");
    }

    endConflict(question) {
        question.conflict = null;
        question.el.querySelector(".o_pep_conflict").hidden = true;
        question.el.classList.remove("o_pep_wrong");
        question.el.querySelector("textarea, input:not([type=hidden])").focus();
        this.tell("");
    }

    async signedOut() {
        let page;
        try {
            const response = await fetch(this.page, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
            page = response.ok && new DOMParser().parseFromString(await response.text(), "text/html");
        } catch {
            page = null;
        }
        const form = page && page.querySelector(".o_pep_form");
        if (form && form.dataset.user === this.el.dataset.user) {
            // signed in again in another tab: go on with that session's token
            this.token = form.querySelector("input[name=csrf_token]").value;
            this.el.querySelector("input[name=csrf_token]").value = this.token;
            this.tell("");
            this.after(0);
            return true;
        }
        this.failed = true;
        this.tell(
            _t("You have been signed out. What you typed is still on this page, so leave it open. "),
            _t("Sign in again in a new tab"),
            "/web/login"
        );
        this.after(LAST_RETRY / 2);
        return false;
    }

    close(reason) {
        this.closed = true;
        this.tell(_t("Not saved: %s What you typed is still on this page: copy what you need.", `${reason} `));
        return false;
    }

    // === What is said ===

    message(question, text) {
        const box = question.el.querySelector(".o_pep_error");
        if (box.textContent !== text) {
            box.textContent = text;
        }
        question.el.classList.toggle("o_pep_wrong", Boolean(text) || Boolean(question.conflict));
        for (const field of question.el.querySelectorAll("textarea, input[type=text], input[type=date]")) {
            if (text) {
                field.setAttribute("aria-invalid", "true");
            } else {
                field.removeAttribute("aria-invalid");
            }
        }
    }

    tell(text, linkText, address) {
        const words = linkText ? text + linkText : text;
        if (this.trouble.textContent === words) {
            return;
        }
        this.trouble.replaceChildren(text);
        if (linkText) {
            const link = document.createElement("a");
            Object.assign(link, { href: address, target: "_blank", textContent: linkText });
            this.trouble.append(link);
        }
    }

    /** Whether everything is saved, in a few words; said aloud by a screen reader when it changes. */
    show() {
        const waiting = this.unsaved().length;
        let text = this.savedAt ? _t("Saved %s", this.savedAt) : "";
        if (waiting && this.closed) {
            text = _t("Not saved");
        } else if (waiting && this.failed) {
            text = _t("Not saved yet: no connection, we keep trying");
        } else if (waiting && !this.dirty().length && !this.sending) {
            text = _t("Not saved: look at the questions marked");
        } else if (waiting) {
            text = this.sending ? _t("Saving…") : _t("Not saved yet");
        }
        if (this.state.textContent !== text) {
            this.state.textContent = text;
        }
        this.state.classList.toggle("o_pep_state_bad", Boolean(waiting && (this.failed || this.closed)));
    }

    progress(answer) {
        this.el.querySelector(".o_pep_answered").textContent = answer.answered;
        const box = this.el.querySelector(".o_pep_missing");
        box.hidden = !answer.missing.length;
        box.querySelector("ul").replaceChildren(
            ...answer.missing.map((question) => {
                const item = document.createElement("li");
                const link = document.createElement("a");
                link.href = `#q-${question.id}`;
                link.textContent = question.name;
                item.append(link);
                return item;
            })
        );
    }
}

registry.category("public.interactions").add("pep_module.section_form", SectionForm);
