/** A promise that fails and that nobody hears of ends the test that runs: mocha by itself lets it pass. Required by `.mocharc.json`. */
process.on('unhandledRejection', (reason) => {
  throw reason;
});
