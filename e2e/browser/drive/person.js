// What a person finds on a page. The tests evaluate this through the debugger,
// and call one of its functions; each returns an object, with error if there is
// no such thing.
(() => {
  const words = text => text.replace(/\s+/g, " ").trim();
  const shows = e => e.checkVisibility({ visibilityProperty: true }) && !e.closest("[inert]");

  // The name of a control: its label, after the legend of its group.
  const nameOf = control => {
    const label = control.labels?.[0];
    if (!label) return "";
    const name = words(label.textContent).replace(/ \(optional\)$/, "");
    const legend = /radio/.test(control.type) && control.closest("fieldset")?.querySelector("legend");
    return legend ? `${words(legend.textContent)}: ${name}` : name;
  };

  const one = (found, what, all) => {
    if (found.length === 1) return found[0];
    throw new Error(`there are ${found.length} of ${what}; the page has: ${all.join(" | ")}`);
  };

  const control = name => {
    const all = [...document.querySelectorAll("input:not([type=hidden]), textarea, select")].filter(e => e.labels?.length);
    return one(all.filter(e => nameOf(e) === name), `the field “${name}”`, all.map(nameOf));
  };

  const button = name => {
    const all = [...document.querySelectorAll("button, a[href], summary")].filter(shows);
    return one(all.filter(e => words(e.textContent) === name), `the button or link “${name}”`, all.map(e => words(e.textContent)));
  };

  // The middle of an element, brought into view. Something in front of it is an error.
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
    // Where to press.
    button: answer(name => point(button(name), name)),
    control: answer(name => point(control(name), name)),
    element: answer(css => point(one([...document.querySelectorAll(css)].filter(shows), css, []), css)),
    // Puts the cursor into a field, and selects what is in it.
    field: answer(name => { const e = control(name); e.focus(); e.select(); return document.activeElement === e ? {} : { error: `“${name}” takes no focus` }; }),
    value: answer(name => { const e = control(name); return { text: /radio|checkbox/.test(e.type) ? String(e.checked) : e.value }; }),
    // What has the focus: its name, where it is, and whether it looks different for
    // it. A mark is an outline, or one on the ::after of a link that covers its row.
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
