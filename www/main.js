/**
 * The page: draws the place that the address names, and draws again when something changes. The client is started by `start.js`.
 * @module
 */

import { beginDrawing, endDrawing, renewAnswers } from "./answers.js";
import { evidenceDialog, settleEvidenceDialog } from "./components/evidence.js";
import { PLACE_NAMES, frame, message } from "./components/frame.js";
import { PHASE_WORDS, phase } from "./components/light.js";
import { render } from "./lit.js";
import { load, loadAll, view } from "./places.js";
import { applyTheme } from "./preferences.js";
import { parseRoute } from "./route.js";
import { changed, drawWith, state } from "./store.js";

/** Ages are shown in seconds. */
const TICK_MS = 1000;
/** The whole message stands on the page. */
const ANNOUNCED_LENGTH_MAX = 160;
/** A returning visitor's head is there by then: the page is laid out once, with it, while the core is given the processor. */
const FIRST_DRAWING_MS_MAX = 200;
/** When what is needed first has been loaded. */
const LEISURE_MS = 2000;

const page = /** @type {HTMLElement} */ (document.getElementById("page"));
const announcer = /** @type {HTMLElement} */ (document.getElementById("announcer"));

function draw() {
  beginDrawing();
  render(frame(view(state.route.place), evidenceDialog()), page);
  endDrawing();
  settleEvidenceDialog();
  announce();
}

/** Tells a screen reader of a new phase, and not of every second. */
function announce() {
  const now = phase();
  if (announcer.dataset["phase"] === now) return;
  announcer.dataset["phase"] = now;
  announcer.textContent = `${PHASE_WORDS[now]}. ${message().slice(0, ANNOUNCED_LENGTH_MAX)}`;
}

/** A new place has the page's title. */
function arrive() {
  document.title = `${PLACE_NAMES[state.route.place]} · Lampyris`;
}

/** A new place has the focus at its heading. */
async function routeChanged() {
  const before = state.route.place;
  state.route = parseRoute(location.hash);
  arrive();
  if (state.route.place === before) return changed();
  state.evidence = null;
  draw();
  scrollTo(0, 0);
  await load(state.route.place);
  draw();
  page.querySelector("h1")?.focus({ preventScroll: true });
}

/** The first drawing waits a moment for something to show. */
function drawFirst() {
  if (state.status === null && state.boot === "starting" && performance.now() < firstDrawingAt) return;
  drawWith(draw);
  draw();
}

const firstDrawingAt = performance.now() + FIRST_DRAWING_MS_MAX;
applyTheme();
arrive();
page.replaceChildren();
drawWith(drawFirst);
setTimeout(changed, FIRST_DRAWING_MS_MAX);
void load(state.route.place).then(changed);
setTimeout(() => void loadAll(), LEISURE_MS);
addEventListener("hashchange", () => void routeChanged());
setInterval(() => {
  renewAnswers();
  changed();
}, TICK_MS);
changed();
