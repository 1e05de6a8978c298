export { createRegister, type Register, type RegisterOptions } from "./lib/register.ts";
