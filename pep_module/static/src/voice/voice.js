/** @odoo-module ignore **/
// The child's page works without any of this. With it, what is typed is saved while it is typed, the page asks after a
// while whether somebody is still there, and the question can be read aloud by a voice of the device itself.
(() => {
    const SAVE_AFTER = 1500; // milliseconds without a key
    const TRY_AGAIN = 5000;
    const ASK_BEFORE = 60_000; // the end of the pause
    const form = document.getElementById("answer");
    const pause = Number(document.body.dataset.pause || 0) * 1000;
    const token = document.body.dataset.token;

    async function post(path, data = new FormData()) {
        data.set("csrf_token", token);
        const response = await fetch(path, { method: "POST", body: new URLSearchParams(data) });
        if (!response.ok) {
            throw new Error(response.statusText);
        }
        const result = await response.json();
        if (result.status === "gone") {
            window.location.assign("/voice");
        }
        return result;
    }

    // --- Saving what is typed ---

    let timer = null;
    let leaving = false;
    let saving = Promise.resolve();
    const status = document.getElementById("kept");

    function say(what) {
        status.textContent = what ? status.dataset[what] : "";
        status.classList.toggle("v-lost", what === "lost");
    }

    async function save() {
        timer = null;
        if (leaving) {
            return;
        }
        try {
            const result = await post("/voice/keep", new FormData(form));
            if (result.version) {
                form.elements.version.value = result.version;
            }
            if (result.status !== "refused") {
                say("saved");
            }
            seen();
        } catch {
            say("lost");
            plan(TRY_AGAIN);
        }
    }

    function plan(delay) {
        clearTimeout(timer);
        timer = setTimeout(() => {
            saving = saving.then(save);
        }, delay);
    }

    if (form) {
        form.addEventListener("input", (event) => {
            say("");
            plan(event.target.type === "radio" || event.target.type === "checkbox" ? 200 : SAVE_AFTER);
        });
        form.addEventListener("submit", (event) => {
            if (leaving) {
                event.preventDefault(); // pressed twice
                return;
            }
            leaving = true;
            clearTimeout(timer);
            const button = event.submitter;
            event.preventDefault();
            // what is on its way arrives first, so that nothing is written twice
            saving.then(() => {
                const step = document.createElement("input");
                step.type = "hidden";
                step.name = "step";
                step.value = (button && button.value) || "next";
                form.append(step);
                form.submit();
            });
        });
        window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
    }

    // --- Are you still there? ---

    const dialog = document.getElementById("still-there");
    let asking = null;
    let closing = null;
    let told = Date.now();
    let due = told + pause; // when the server closes by itself

    // The server has just heard of us: the pause begins anew.
    function seen() {
        told = Date.now();
        due = told + pause;
        clearTimeout(asking);
        clearTimeout(closing);
        asking = setTimeout(ask, Math.max(pause - ASK_BEFORE, pause / 2));
        closing = setTimeout(close, pause);
    }

    function ask() {
        if (!dialog.open) {
            dialog.showModal();
        }
    }

    // Whoever has just answered is not shut out while the server is slow; the question stays until the server knows.
    async function here() {
        clearTimeout(closing);
        try {
            await post("/voice/here");
            seen();
            if (dialog.open) {
                dialog.close();
            }
        } catch {
            told = Date.now(); // asked again with the next move
            closing = setTimeout(close, Math.max(TRY_AGAIN, due - Date.now()));
        }
    }

    function close() {
        const leave = document.createElement("form");
        leave.method = "post";
        leave.action = "/voice/pause";
        const field = document.createElement("input");
        field.type = "hidden";
        field.name = "csrf_token";
        field.value = token;
        leave.append(field);
        document.body.append(leave);
        leave.submit();
    }

    if (pause) {
        seen();
        dialog.querySelector("button").addEventListener("click", here);
        dialog.addEventListener("cancel", here);
        for (const kind of ["pointerdown", "keydown", "scroll"]) {
            document.addEventListener(
                kind,
                () => {
                    // somebody who only reads is there as well; say so once in a while
                    if (!dialog.open && Date.now() - told > Math.min(ASK_BEFORE, pause / 4)) {
                        told = Date.now();
                        here();
                    }
                },
                { passive: true, capture: true }
            );
        }
    }

    // --- Read it to me: by voices of the device alone, since others send the words elsewhere ---

    const reader = document.querySelector(".v-read");
    const speech = window.speechSynthesis;

    function voice() {
        const own = speech.getVoices().filter((one) => one.localService);
        return own.find((one) => one.lang === "en-GB") || own.find((one) => one.lang.startsWith("en"));
    }

    function offer() {
        reader.hidden = !voice();
    }

    if (reader && speech) {
        offer();
        speech.addEventListener?.("voiceschanged", offer);
        reader.addEventListener("click", () => {
            speech.cancel();
            const words = [document.getElementById("asked").textContent];
            for (const label of document.querySelectorAll(".v-choice .v-label")) {
                words.push(label.textContent);
            }
            const spoken = new SpeechSynthesisUtterance(words.join(". "));
            spoken.voice = voice();
            spoken.rate = 0.9;
            speech.speak(spoken);
        });
    }
})();
