/**
 * What a visitor waits for longest begins first: the client starts before the views are there to show it.
 * @module
 */

import { startSession } from "./session.js";

void startSession();
