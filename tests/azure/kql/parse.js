// Parse the queries on standard input with Microsoft's parser of the Kusto Query Language.
// Prints a list of diagnostics for each query, as JSON. Argument: folder of the npm package @kusto/language-service-next.
const fs = require("fs");
const path = require("path");

const folder = path.resolve(process.argv[2]);
require(path.join(folder, "bridge.min.js"));
require(path.join(folder, "Kusto.Language.Bridge.min.js"));

const { queries, tables } = JSON.parse(fs.readFileSync(0, "utf8"));
const symbols = Kusto.Language.Symbols;
const known = Object.entries(tables).map(([name, columns]) => symbols.TableSymbol.From(columns).WithName(name));
const workspace = new symbols.DatabaseSymbol.ctor("workspace", known);
const globals = Kusto.Language.GlobalState.Default.WithDatabase(workspace);

const results = queries.map((query) => {
  const diagnostics = Kusto.Language.KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  return Array.from({ length: diagnostics.Count }, (_, index) => diagnostics.getItem(index).Message);
});
process.stdout.write(JSON.stringify(results));
