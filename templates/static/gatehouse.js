// Extras only: every page works without this file.
"use strict";

// Copy buttons. They stay hidden where the browser cannot copy (plain HTTP).
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const label = button.textContent;
    let timer;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not copied";
      }
      clearTimeout(timer);
      timer = setTimeout(() => { button.textContent = label; }, 2000);
    });
  }
}

// A form is sent once: another press while the answer is on its way does nothing.
// The button is not really disabled, or its own name and value would not be sent
// and it would lose the focus. The form can be used again by who comes back to
// it, and when no page follows, as when an app on this device takes over.
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

// The picture behind an icon URL, while it is typed.
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

// A broken icon leaves the letter of its tile, also where CSS alone cannot see to it.
for (const image of document.querySelectorAll(".icon img[data-letter]")) {
  const drop = () => image.remove();
  if (image.complete && image.naturalWidth === 0) drop();
  else image.addEventListener("error", drop);
}

// After a refused form the summary of what is wrong gets the focus, so that
// screen readers begin there.
document.getElementById("problems")?.focus();
