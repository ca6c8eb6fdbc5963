// How search results are ranked. The words of a page count alike wherever they stand.
// So pages that teach come before those that list: stages first, solutions last.
var Scorer = {
  score: ([page, , , , points]) => {
    const order = [
      /^tutorial\/solutions/,
      /^(api|changes|since)/,
      /./,
      /^tutorial\/\w+\/plot_/,
      /^tutorial\/plot_/,
    ];
    return points + 0.1 * order.findLastIndex(rule => rule.test(page));
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: {0: 15, 1: 5, 2: -5},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
