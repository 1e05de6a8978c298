import ts from "typescript";

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

export interface ModuleFacts {
  /** Every module a file names: imports, re-exports, `import()` and `import("x").Type`. */
  readonly imports: readonly Import[];
  /** Lines with `export *`. */
  readonly exportStars: readonly number[];
}

/** What a TypeScript source imports and re-exports, from its syntax tree. */
export const moduleFacts = (fileName: string, text: string): ModuleFacts => {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const exportStars: number[] = [];
  const lineOf = (node: ts.Node): number => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const add = (name: ts.Node | undefined): void => {
    if (name !== undefined && ts.isStringLiteralLike(name)) imports.push({ specifier: name.text, line: lineOf(name) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier);
    else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier);
      if (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause)) exportStars.push(lineOf(node));
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, exportStars };
};
