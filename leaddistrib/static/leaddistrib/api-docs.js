// The API's documentation: Swagger UI over the schema of this same site.
"use strict";

const docs = document.getElementById("docs");

window.SwaggerUIBundle({
  domNode: docs,
  url: docs.dataset.schema,
  deepLinking: true,
  // Calls that are tried out here are made with the reader's session, which needs its CSRF token.
  requestInterceptor(request) {
    request.headers["X-CSRFToken"] = docs.dataset.csrf;
    return request;
  },
});
