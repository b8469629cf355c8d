// This script shows the response of the implicit grant, which only the browser can see, and
// fills the form that posts it to the client.
(function () {
  "use strict";
  var secret = ["access_token", "refresh_token", "id_token", "code"];
  var fragment = window.location.hash.slice(1);
  if (fragment === "") {
    document.getElementById("empty").hidden = false;
    return;
  }
  // Remove the token from the address bar and the history.
  window.history.replaceState(null, "", window.location.pathname);

  var form = document.getElementById("answer");
  var rows = form.querySelector("tbody");

  function cell(tag, text) {
    var element = document.createElement(tag);
    var code = document.createElement("code");
    code.textContent = text;
    element.appendChild(code);
    return element;
  }

  new URLSearchParams(fragment).forEach(function (value, name) {
    var isSecret = secret.indexOf(name) !== -1;
    var row = document.createElement("tr");
    var heading = cell("th", name);
    heading.scope = "row";
    row.appendChild(heading);
    row.appendChild(cell("td", isSecret ? "••••••" + (value.length >= 24 ? value.slice(-6) : "") : value));
    rows.appendChild(row);

    var input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.appendChild(input);
  });
  form.hidden = false;
})();
