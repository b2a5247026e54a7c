// In place of npm's signal-exit: an extension must not patch `process` of the host it shares with others. A lock that
// outlives its holder is recovered by its age.
module.exports = () => () => {};
