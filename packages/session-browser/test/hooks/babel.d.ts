declare module "@babel/core" {
  export function transformAsync(code: string, options: object): Promise<{ readonly code?: string | null } | null>;
}
declare module "babel-preset-solid" {
  const preset: unknown;
  export default preset;
}
