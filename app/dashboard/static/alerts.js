// Alerts: who is told of what, what was sent, and what happens just now.

import { send } from "./parts/api.js";
import { $, setText } from "./parts/dom.js";
import { happened } from "./alerts/happened.js";
import { making } from "./alerts/making.js";
import { subscriptions } from "./alerts/subscriptions.js";

const shown = subscriptions();
making({
  async made(given) {
    const alert = await send("POST", "/alerts", given);
    shown.again();
    if (!alert.secret) return setText($("#said"), "The alert is made.");
    setText($("#secret-text"), alert.secret);
    $("#secret").showModal();
  },
});
happened();
