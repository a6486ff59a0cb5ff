// What pages do in the browser beyond links and forms. No dependency, no inline code.
"use strict";
