// Sends the answer on to the app at once; without JavaScript the person presses
// Continue. Coming back with the Back button shows the page, and sends nothing
// a second time.
"use strict";
addEventListener("load", () => {
  if (performance.getEntriesByType("navigation")[0]?.type !== "back_forward") {
    document.getElementById("form-post").submit();
  }
});
