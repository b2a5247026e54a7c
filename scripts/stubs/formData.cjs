// In place of npm's form-data (with its table of all MIME types): nothing here sends multipart bodies.
module.exports = class FormData {};
