// Which folder may import which (`npm run imports`): the layers of server/README.md, kept true by a machine.

/** What each folder may import beside itself and packages. `edge` is what the product does with SIP: it may see all below it. */
const mayImport = {
  'server/lib': [],
  'server/sip/message': ['server/lib'],
  'server/sip/transport': ['server/sip/message', 'server/lib'],
  'server/sip/transaction': ['server/sip/message', 'server/lib'],
  'server/sip/dialog': ['server/sip/message', 'server/lib'],
  'server/sip/digest': ['server/sip/message', 'server/lib'],
  'server/sip/sdp': ['server/sip/message', 'server/lib'],
  'server/sip/proxy': ['server/sip/transaction', 'server/sip/dialog', 'server/sip/message', 'server/lib'],
  'server/registrar': ['server/sip/message', 'server/lib'],
  'server/routing': ['server/sip/message', 'server/lib'],
  'server/accounts': ['server/sip/digest', 'server/sip/message', 'server/lib'],
  'server/media': ['server/sip/sdp', 'server/lib'],
  'server/apps': ['server/sip/message', 'server/sip/sdp', 'server/lib'],
  'server/cdr': ['server/lib'],
  'server/certificates': ['server/lib'],
  'server/edge': [
    'server/sip',
    'server/registrar',
    'server/routing',
    'server/accounts',
    'server/media',
    'server/apps',
    'server/cdr',
    'server/lib',
  ],
  'server/store': [
    'server/registrar',
    'server/routing',
    'server/accounts',
    'server/cdr',
    'server/portal',
    'server/lib',
  ],
  'server/portal': [
    'server/registrar',
    'server/routing',
    'server/accounts',
    'server/cdr',
    'server/edge/calls',
    'server/lib',
  ],
  'server/cli': [
    'server/registrar',
    'server/routing',
    'server/accounts',
    'server/cdr',
    'server/edge/calls',
    'server/certificates',
    'server/config',
    'server/welcome',
    'server/lib',
  ],
  'client/softphone': [],
  'client/ui': [],
  'client/widget': ['client/softphone', 'client/ui'],
  'client/phone': ['client/softphone', 'client/ui'],
  'client/portal': ['client/softphone', 'client/ui'],
}

/** Composition roots of the commands: they know concrete parts, as server/main.ts does of the server. */
const commandRoots = '^server/cli/(main|probes)\\.ts$'

/** Files that may be named for their types, though their folder may not be imported. */
const typesOnly = {
  'server/accounts': '^server/registrar/',
  'server/cli': '^server/(store|portal/contract)',
  'client/widget': '^server/portal/contract\\.ts$',
  'client/phone': '^server/portal/contract\\.ts$',
  'client/portal': '^server/portal/contract\\.ts$',
}

const ours = '^(server|client)/'
const startOf = folder => `^${folder}(/|\\.ts$)`

function directionRules() {
  return Object.entries(mayImport).flatMap(([folder, allowed]) => {
    const permitted = [folder, ...allowed].map(startOf)
    const rule = (name, permittedPaths, types) => ({
      name,
      comment: `${folder} imports ${allowed.join(', ') || 'nothing of ours'} (server/README.md, "Who imports whom")`,
      severity: 'error',
      from: { path: startOf(folder), pathNot: commandRoots },
      to: { path: ours, pathNot: permittedPaths, ...types },
    })
    const named = typesOnly[folder]
    if (!named) return [rule(`direction: ${folder}`, permitted, {})]
    return [
      rule(`direction: ${folder}`, [...permitted, named], {}),
      {
        ...rule(`types only: ${folder}`, permitted, { dependencyTypesNot: ['type-only'] }),
        to: { path: named, pathNot: permitted, dependencyTypesNot: ['type-only'] },
      },
    ]
  })
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no cycle',
      comment: 'Two files that need each other are one file, or want an interface between them.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing imports main',
      comment:
        'server/main.ts knows everything; who imports it knows everything too. The commands load it to start it.',
      severity: 'error',
      from: { pathNot: '^server/cli/main\\.ts$' },
      to: { path: '^server/main\\.ts$' },
    },
    {
      name: 'jssip in one file',
      comment: 'The rest of the client speaks to our own softphone, which other libraries could carry.',
      severity: 'error',
      from: { pathNot: '^client/softphone/jssip\\.ts$' },
      to: { path: 'node_modules/(@types/)?jssip' },
    },
    {
      name: 'no package that is not ours to use',
      comment: 'Packages come from package.json, and what runs for users does not come from devDependencies.',
      severity: 'error',
      from: { path: '^server/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...directionRules(),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.mjs', '.js', '.d.ts'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
}
