// Finds the controls of a page as a user does. The tests evaluate this script through
// the debugger and call one of its functions. Each returns an object. If the control
// does not exist, the object has the member error.
(() => {
  const words = text => text.replace(/\s+/g, " ").trim();
  const shows = e => e.checkVisibility({ visibilityProperty: true }) && !e.closest("[inert]");

  // The name of a control is its label. For a radio button, the legend of its group comes first.
  const nameOf = control => {
    const label = control.labels?.[0];
    if (!label) return "";
    const name = words(label.textContent).replace(/ \(optional\)$/, "");
    const legend = /radio/.test(control.type) && control.closest("fieldset")?.querySelector("legend");
    return legend ? `${words(legend.textContent)}: ${name}` : name;
  };

  const one = (found, what, all) => {
    if (found.length === 1) return found[0];
    throw new Error(`${what} exists ${found.length} times; the page has: ${all.join(" | ")}`);
  };

  const control = name => {
    const all = [...document.querySelectorAll("input:not([type=hidden]), textarea, select")].filter(e => e.labels?.length);
    return one(all.filter(e => nameOf(e) === name), `the field “${name}”`, all.map(nameOf));
  };

  const button = name => {
    const all = [...document.querySelectorAll("button, a[href], summary")].filter(shows);
    return one(all.filter(e => words(e.textContent) === name), `the button or link “${name}”`, all.map(e => words(e.textContent)));
  };

  // Scrolls to an element and returns its middle. If another element covers it, that is an error.
  const point = (element, name) => {
    if (element.disabled) throw new Error(`“${name}” is disabled`);
    element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const box = element.getClientRects()[0];
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    const front = document.elementFromPoint(x, y);
    const takesClick = front && (element.contains(front) || front.contains(element) && front.tagName === "LABEL" || [...(element.labels ?? [])].some(l => l.contains(front)));
    if (!takesClick) throw new Error(`“${name}” is behind ${front?.outerHTML.slice(0, 200)}`);
    return { x, y };
  };

  const answer = f => (...args) => {
    try { return f(...args); } catch (e) { return { error: e.message }; }
  };

  return {
    // The points to press.
    button: answer(name => point(button(name), name)),
    control: answer(name => point(control(name), name)),
    element: answer(css => point(one([...document.querySelectorAll(css)].filter(shows), css, []), css)),
    // Remembers the next click, and returns true; or returns false if the button at the
    // point is disabled.
    expectClick: (x, y) => {
      if (document.elementFromPoint(x, y)?.closest("[aria-disabled=true]")) return false;
      window.driveClick = null;
      addEventListener("click", e => { window.driveClick = e; }, { capture: true, once: true });
      return true;
    },
    // A page that follows has no driveClick: it is undefined.
    clickHadNoEffect: () => window.driveClick === null || window.driveClick?.defaultPrevented === true,
    // Gives the focus to a field and selects its text.
    field: answer(name => { const e = control(name); e.focus(); e.select(); return document.activeElement === e ? {} : { error: `“${name}” does not accept the focus` }; }),
    value: answer(name => { const e = control(name); return { text: /radio|checkbox/.test(e.type) ? String(e.checked) : e.value }; }),
    // The element that has the focus: its name, its place, and whether it is marked by
    // an outline. The outline may be on the ::after of a link that covers its row.
    focus: () => {
      const e = document.activeElement;
      if (!e || e === document.body) return { name: "" };
      const box = e.getBoundingClientRect();
      const marked = [getComputedStyle(e), getComputedStyle(e, "::after")].some(s => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2);
      return {
        name: nameOf(e) || words(e.textContent).slice(0, 80) || e.id || e.tagName,
        top: box.top + scrollY, bottom: box.bottom + scrollY, left: box.left,
        inView: box.bottom > 0 && box.top < innerHeight, marked,
      };
    },
  };
})()
