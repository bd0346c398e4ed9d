/**
 * The page: draws the place that the address names, and draws again when something changes. The client is started by `start.js`.
 * @module
 */

import { beginDrawing, endDrawing, renewAnswers } from "./answers.js";
import { evidenceDialog, settleEvidenceDialog } from "./components/evidence.js";
import { PLACE_NAMES, frame, message } from "./components/frame.js";
import { PHASE_WORDS, phase } from "./components/light.js";
import { render } from "./lit.js";
import { applyTheme } from "./preferences.js";
import { parseRoute } from "./route.js";
import { changed, drawWith, state } from "./store.js";
import { accounts } from "./views/accounts.js";
import { governance } from "./views/governance.js";
import { fillLookup } from "./views/lookup.js";
import { network } from "./views/network.js";
import { overview } from "./views/overview.js";
import { settings } from "./views/settings.js";

/** Ages are shown in seconds. */
const TICK_MS = 1000;
/** The whole message stands on the page. */
const ANNOUNCED_LENGTH_MAX = 160;

const PLACES = Object.freeze({ overview, accounts, governance, network, settings });

const page = /** @type {HTMLElement} */ (document.getElementById("page"));
const announcer = /** @type {HTMLElement} */ (document.getElementById("announcer"));

function draw() {
  beginDrawing();
  render(frame(PLACES[state.route.place](), evidenceDialog()), page);
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

/** A new place has the focus at its heading, and the page's title. */
function arrive() {
  document.title = `${PLACE_NAMES[state.route.place]} · Lampyris`;
  fillLookup();
}

function routeChanged() {
  const before = state.route.place;
  state.route = parseRoute(location.hash);
  arrive();
  if (state.route.place === before) return changed();
  state.evidence = null;
  draw();
  scrollTo(0, 0);
  page.querySelector("h1")?.focus({ preventScroll: true });
}

applyTheme();
arrive();
page.replaceChildren();
drawWith(draw);
addEventListener("hashchange", routeChanged);
setInterval(() => {
  renewAnswers();
  changed();
}, TICK_MS);
changed();
