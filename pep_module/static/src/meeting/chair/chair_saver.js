import { ConnectionLostError } from "@web/core/network/rpc";
import { browser } from "@web/core/browser/browser";

const TYPING = 900; // milliseconds without a key, then what was typed is sent
const AGAIN = [3000, 6000, 12000]; // how long to wait before trying again; the last one goes on

/**
 * What was typed or ticked and is not on the server yet. Kept in this page's memory and nowhere else.
 *
 * Each change carries the value that it began from. Of another value the server changes nothing and tells who wrote
 * it; both are kept here until the person chooses. A change that could not be sent is tried again.
 */
export class ChairSaver {
    /**
     * @param {(changes: object[]) => Promise<{results: object[], blocks: object}>} send
     * @param {(blocks: object) => void} follow what else changed, for the screen
     * @param {() => void} draw
     */
    constructor(send, follow, draw) {
        Object.assign(this, { send, follow, draw });
        this.changes = new Map();
        this.sending = null;
        this.failures = 0;
        this.trouble = "";
        this.savedOnce = false;
    }

    key(kind, row, field) {
        return `${kind},${row.id || 0},${field}`;
    }

    /** The change of a field that is not saved yet, if there is one. */
    change(kind, row, field) {
        return this.changes.get(this.key(kind, row, field));
    }

    /** What the screen shows of a field. */
    value(kind, row, field) {
        const change = this.change(kind, row, field);
        return change ? change.value : row[field];
    }

    set(kind, row, field, value, delay = 0) {
        const key = this.key(kind, row, field);
        const change = this.changes.get(key);
        if (change) {
            change.value = value;
            if (change.state === "refused") {
                change.state = "typed";
            }
        } else if (value !== row[field]) {
            this.changes.set(key, { kind, row, field, was: row[field], value, state: "typed" });
        }
        this.later(delay);
        this.draw();
    }

    type(kind, row, field, value) {
        this.set(kind, row, field, value, TYPING);
    }

    later(delay) {
        browser.clearTimeout(this.timer);
        this.timer = browser.setTimeout(() => this.flush(), delay);
    }

    /** Those that wait to be sent; a conflict and a refusal wait for the person. */
    get waiting() {
        return [...this.changes.values()].filter((change) => change.state === "typed");
    }

    get unsaved() {
        return this.changes.size;
    }

    /** Send what waits. Resolves to whether everything is saved. */
    async flush() {
        browser.clearTimeout(this.timer);
        while (this.sending) {
            await this.sending;
        }
        if (this.waiting.length) {
            this.sending = this.sendWaiting();
            this.draw();
            await this.sending;
            this.sending = null;
            this.draw();
        }
        return !this.unsaved;
    }

    async sendWaiting() {
        const changes = this.waiting;
        const sent = changes.map(({ kind, row, field, was, value }) => ({
            kind,
            id: row.id || false,
            field,
            was,
            value,
        }));
        let answer;
        try {
            answer = await this.send(sent);
        } catch (error) {
            this.failed(changes, error);
            return;
        }
        this.failures = 0;
        this.trouble = "";
        this.savedOnce = true;
        answer.results.forEach((result, index) => this.done(changes[index], sent[index].value, result));
        this.follow(answer.blocks);
        if (this.waiting.length) {
            this.later(TYPING);
        }
    }

    failed(changes, error) {
        const lost = error instanceof ConnectionLostError;
        const loggedOut = error?.exceptionName === "odoo.http.SessionExpiredException";
        if (lost || loggedOut) {
            this.trouble = lost ? "lost" : "logged_out";
            this.later(AGAIN[Math.min(this.failures, AGAIN.length - 1)]);
            this.failures++;
            return;
        }
        for (const change of changes) {
            change.state = "refused";
            change.message = error?.data?.message || error?.message || "";
        }
    }

    done(change, sentValue, result) {
        const key = this.key(change.kind, change.row, change.field);
        change.row[change.field] = result.value;
        if (result.status === "conflict") {
            Object.assign(change, { state: "conflict", theirs: result.value, by: result.by, on: result.on });
        } else if (result.status === "refused") {
            Object.assign(change, { state: "refused", message: result.message });
        } else if (change.value === sentValue) {
            this.changes.delete(key);
        } else {
            change.was = result.value; // more was typed meanwhile
        }
    }

    keepMine(change) {
        Object.assign(change, { was: change.theirs, state: "typed" });
        return this.flush();
    }

    takeTheirs(change) {
        this.changes.delete(this.key(change.kind, change.row, change.field));
        this.draw();
    }

    /** The rows of the screen were read again: what is unsaved goes on with the new ones. */
    adopt(kind, rows) {
        const byId = Object.fromEntries(rows.map((row) => [row.id || 0, row]));
        for (const change of this.changes.values()) {
            if (change.kind === kind && byId[change.row.id || 0]) {
                change.row = byId[change.row.id || 0];
            }
        }
    }

    stop() {
        browser.clearTimeout(this.timer);
    }
}
