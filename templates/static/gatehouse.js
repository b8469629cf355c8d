// Every page works without this file.
"use strict";

// Copy buttons. They stay hidden if the browser cannot copy (plain HTTP).
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const label = button.textContent;
    let timer;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = button.dataset.copied;
      } catch {
        button.textContent = button.dataset.failed;
      }
      clearTimeout(timer);
      timer = setTimeout(() => { button.textContent = label; }, 2000);
    });
  }
}

// A form is submitted once. Another press before the response arrives has no effect.
// The button is not disabled, because a disabled button does not send its name and
// value and loses the focus. The form can be submitted again if the user returns to
// the page, or after ten seconds if no page follows, for example because an app on
// this device handles the redirect.
const release = (form) => {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
};
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
  event.submitter?.setAttribute("aria-disabled", "true");
  setTimeout(release, 10000, form);
});
addEventListener("pageshow", () => { document.querySelectorAll("form[data-sent]").forEach(release); });

// A click on Allow has no effect in the first moment after the consent page is shown or
// gets the focus back. Otherwise a page of another site could open this page between
// the two clicks of a double click (double-clickjacking). The keyboard works at once:
// its clicks have detail 0.
const allow = document.querySelector("form[data-guard] [value=allow]");
if (allow) {
  let timer;
  const guard = () => {
    allow.setAttribute("aria-disabled", "true");
    clearTimeout(timer);
    timer = setTimeout(() => { timer = undefined; allow.removeAttribute("aria-disabled"); }, 500);
  };
  guard();
  addEventListener("focus", guard);
  addEventListener("pageshow", guard);
  document.addEventListener("visibilitychange", guard);
  allow.addEventListener("click", (event) => {
    if (timer && event.detail > 0) event.preventDefault();
  });
}

// A preview of the icon URL that the user types.
for (const preview of document.querySelectorAll("[data-preview-of]")) {
  const field = document.getElementById(preview.dataset.previewOf);
  const image = new Image();
  let timer;
  image.alt = "";
  image.referrerPolicy = "no-referrer";
  image.addEventListener("load", () => { preview.hidden = false; });
  image.addEventListener("error", () => { preview.hidden = true; });
  preview.append(image);
  const show = () => {
    preview.hidden = true;
    if (/^https?:\/\/./.test(field.value)) image.src = field.value;
  };
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 400); });
  show();
}

// Removes a broken icon, so that the letter of its tile is visible in every browser.
for (const image of document.querySelectorAll(".icon img[data-letter]")) {
  const drop = () => image.remove();
  if (image.complete && image.naturalWidth === 0) drop();
  else image.addEventListener("error", drop);
}

// Focuses the summary of the errors of a form, so that screen readers start there.
document.getElementById("problems")?.focus();
