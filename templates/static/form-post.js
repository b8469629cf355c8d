// Submits the form to the app at once. Without JavaScript the user presses
// Continue. If the user returns with the Back button, the page does not submit the
// form again.
"use strict";
addEventListener("load", () => {
  if (performance.getEntriesByType("navigation")[0]?.type !== "back_forward") {
    document.getElementById("form-post").submit();
  }
});
