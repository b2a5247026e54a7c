// In place of npm's form-data (with its table of all MIME types): nothing here sends multipart bodies.
// biome-ignore lint/style/noDefaultExport: the shape of what it replaces
export default class FormData {}
