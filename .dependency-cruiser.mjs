// The import rules of the house. Imports go down:
//
//   time, trace ← 1 ← 2 ← 3 ← 4 ← 5 ← 6 ← 7 ← dissect, capture ← machine ← python ← lab ← web, cli, bridge
//
// `packages` and `layers` list the two parts of that line from the bottom up; names on one level are
// neighbours. Everything below is derived from them.

const packages = [['osi'], ['machine'], ['python'], ['lab'], ['web', 'cli', 'bridge']];

const layers = [
  ['time', 'trace'],
  ['1-physical'],
  ['2-datalink'],
  ['3-network'],
  ['4-transport'],
  ['5-session'],
  ['6-presentation'],
  ['7-application'],
  ['dissect', 'capture'],
];

const osi = '^packages/osi/src/';
const layerNames = layers.flat();
const testFile = '[.]test[.]tsx?$';
const oneOf = (names) => `(?:${names.join('|')})`;

/** The field tree and the pen it is written with: what of `dissect` a protocol's own `dissect.ts` may import. */
const fieldTree = `${osi}dissect/(?:tree|pen)[.]ts$`;
const protocolDissect = `${osi}\\d.*/dissect[-a-z]*[.]ts$`;
/** The file that puts the protocols' readers together. */
const composer = `${osi}dissect/dissect[.]ts$`;

const packageRules = packages.flatMap((level, height) =>
  level.map((name) => {
    const above = packages
      .slice(height)
      .flat()
      .filter((other) => other !== name);
    return {
      name: `${name}-imports-nothing-above-it`,
      comment: `Hand what ${name} must call in ${oneOf(above)} to it at construction.`,
      severity: 'error',
      from: { path: `^packages/${name}/` },
      to: { path: `^packages/${oneOf(above)}/` },
    };
  }),
);

const layerRules = layers.flatMap((level, height) => {
  const above = layers.slice(height + 1).flat();
  if (above.length === 0) return [];
  const from = `${osi}${oneOf(level)}/`;
  const to = { path: [`${osi}${oneOf(above)}/`, `${osi}index[.]ts$`] };
  const rule = {
    comment: 'A lower layer is handed what it must call in a higher one (an upcall).',
    severity: 'error',
  };
  return [
    {
      ...rule,
      name: `${level.join('-and-')}-imports-nothing-above-it`,
      from: { path: from, pathNot: protocolDissect },
      to,
    },
    {
      ...rule,
      name: `${level.join('-and-')}-dissect-imports-only-the-field-tree-above-it`,
      from: { path: `${osi}${oneOf(level)}.*/dissect[-a-z]*[.]ts$` },
      to: { ...to, pathNot: fieldTree },
    },
  ];
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that import each other are one file, or want a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable-imports',
      comment: 'An import leads to a file that is there.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    ...packageRules,
    ...layerRules,
    {
      name: 'osi-folders-are-the-layers',
      comment:
        'What every layer shares (and is in no layer) imports no layer; only index.ts stands above them.',
      severity: 'error',
      from: { path: osi, pathNot: [`${osi}${oneOf(layerNames)}/`, `${osi}index[.]ts$`, testFile] },
      to: { path: `${osi}${oneOf([...layerNames, 'index[.]ts$'])}` },
    },
    {
      name: 'layers-meet-at-their-index',
      comment: "A layer's folder is entered through its index.ts.",
      severity: 'error',
      from: { path: `${osi}(${oneOf(layerNames)})/`, pathNot: composer },
      to: {
        path: `${osi}${oneOf(layerNames)}/`,
        pathNot: [`${osi}$1/`, `${osi}[^/]+/index[.]ts$`, fieldTree],
      },
    },
    {
      name: 'the-dissector-composes',
      comment: "dissect/dissect.ts imports each protocol's own dissect.ts, and nothing else of a layer.",
      severity: 'error',
      from: { path: composer },
      to: { path: `${osi}\\d`, pathNot: protocolDissect },
    },
    {
      name: 'the-field-tree-stands-alone',
      comment:
        'dissect/tree.ts and pen.ts are imported from below, so they import nothing but time and trace.',
      severity: 'error',
      from: { path: fieldTree },
      to: { pathNot: [`${osi}(?:time|trace)/index[.]ts$`, fieldTree] },
    },
    {
      name: 'packages-meet-at-their-exports',
      comment:
        "Another package is entered through what its package.json exports: src/index.ts, or a folder's.",
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: {
        path: '^packages/[^/]+/',
        pathNot: [
          '^packages/$1/',
          '^packages/[^/]+/src/index[.]ts$',
          '^packages/[^/]+/src/[^/]+/index[.]ts$',
        ],
      },
    },
    {
      name: 'osi-runs-anywhere',
      comment: 'osi imports nothing but itself: no node:*, no library.',
      severity: 'error',
      from: { path: '^packages/osi/', pathNot: [testFile, '^packages/osi/test/'] },
      to: { pathNot: '^packages/osi/' },
    },
    {
      name: 'osi-tests-need-little',
      comment: 'The tests of osi import osi, node:*, vitest and fast-check.',
      severity: 'error',
      from: { path: [`^packages/osi/.*${testFile}`, '^packages/osi/test/'] },
      to: {
        pathNot: ['^packages/osi/', '^node:', '^node_modules/(?:vitest|fast-check)/'],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'machine-and-lab-are-platform-free',
      comment: 'They run in a page as well as in Node: no node:*.',
      severity: 'error',
      from: { path: '^packages/(?:machine|lab)/src/', pathNot: testFile },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { pathNot: testFile },
      to: { path: testFile },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/(?:dist|build|coverage)/'] },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.tests.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
};
