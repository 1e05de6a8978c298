import ts from "typescript";

export interface Comparison {
  readonly file: string;
  readonly line: number;
  /** As it stands in the source. */
  readonly text: string;
}

/** Names under which secrets, and what is made from them, go by in this code. */
const SECRET = /secret|token|credential|csrf|nonce|signature|digest|hash|tag$|^mac|mac$/i;
const STOPS_EARLY = new Set(["includes", "startsWith", "endsWith", "indexOf", "localeCompare", "has"]);
const EQUALITY = new Set([ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken, ts.SyntaxKind.EqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsToken]);

/** Comparisons that stop at the first difference and have a secret on a side, by its name: their time tells how much of it was right. */
export const earlyComparisons = (file: string, text: string): Comparison[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Comparison[] = [];
  const add = (node: ts.Node): void => {
    found.push({ file, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, text: node.getText().replace(/\s+/g, " ") });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && EQUALITY.has(node.operatorToken.kind)) {
      const sides = [node.left, node.right];
      if (!sides.some(isFixed) && sides.some(isSecret)) add(node);
    } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && STOPS_EARLY.has(node.expression.name.text)) {
      const [argument] = node.arguments;
      const sides = [node.expression.expression, ...(argument ? [argument] : [])];
      if (argument && !isFixed(argument) && sides.some(isSecret)) add(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

/** Literals, `undefined`, `null`, `typeof x` and constants in capitals are no secrets, and a comparison with one tells nothing. */
const isFixed = (node: ts.Expression): boolean =>
  ts.isLiteralExpression(node) ||
  ts.isTypeOfExpression(node) ||
  node.kind === ts.SyntaxKind.NullKeyword ||
  node.kind === ts.SyntaxKind.TrueKeyword ||
  node.kind === ts.SyntaxKind.FalseKeyword ||
  (ts.isIdentifier(node) && (node.text === "undefined" || /^[A-Z_]+$/.test(node.text)));

/** By the last name of an expression (`x` of `x`, `a.x`, `x(...)`, `await x()`), or by what a function is given. */
const isSecret = (node: ts.Expression): boolean =>
  SECRET.test(nameOf(node)) ||
  (ts.isCallExpression(node) && [...node.arguments, ts.isPropertyAccessExpression(node.expression) ? node.expression.expression : node.expression].some(isSecret));

const nameOf = (node: ts.Expression): string => {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isCallExpression(node) || ts.isAwaitExpression(node) || ts.isParenthesizedExpression(node)) return nameOf(node.expression);
  return "";
};
