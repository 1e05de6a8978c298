import { constants } from "node:fs";
import { copyFile, type FileHandle, link, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault } from "../fault.ts";
import type { Io } from "../io.ts";

/** Standard input or output instead of a file. */
export const STANDARD = "-";

/** For the owner alone. */
const PRIVATE = 0o600;

export async function readKeyFile(path: string, io: Io): Promise<string> {
  if (path === STANDARD) return io.stdin();
  try {
    const text = await readFile(path, "utf8");
    const { mode } = await stat(path);
    if (process.platform !== "win32" && (mode & 0o007) !== 0) io.err(`holdfast: everybody on this machine can read ${path}; chmod 600 it.\n`);
    return text;
  } catch (error) {
    throw failed("read", path, error);
  }
}

/** Writes a whole file or none, for its owner alone. One that is there stays, unless `overwrite`; `make` gets what it holds then. @throws Fault `exists` */
export async function writeKeyFile(path: string, make: (before?: string) => Promise<string>, overwrite: boolean, io: Io): Promise<void> {
  if (path === STANDARD) return io.out(await make());
  await replace(path, async () => make(overwrite ? await readFile(path, "utf8").catch(() => undefined) : undefined), overwrite);
}

/** Whether two paths lead to one file. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  if (one === other || one === STANDARD || other === STANDARD) return one === other;
  const [first, second] = await Promise.all([one, other].map((path) => realpath(path).catch(() => undefined)));
  return first !== undefined && first === second;
}

/** Changes a file as a whole. Nobody else does meanwhile: of two at once, one is refused. @throws Fault `exists` */
export async function changeKeyFile(path: string, io: Io, change: (text: string) => Promise<string>): Promise<void> {
  if (path === STANDARD) return io.out(await change(await io.stdin()));
  await replace(path, async () => change(await readKeyFile(path, io)), true);
}

async function replace(path: string, make: () => Promise<string>, overwrite: boolean): Promise<void> {
  // A link to a file stays one.
  const target = await realpath(path).catch(() => path);
  const fresh = `${target}.new`;
  let file: FileHandle;
  let moved = false;
  try {
    file = await open(fresh, "wx", PRIVATE);
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw new Fault("exists", `${fresh} is there: another run is writing ${path}, or was killed. If none is, remove it.`);
    throw failed("write", path, error);
  }
  try {
    await file.writeFile(await make());
    await keepOwner(file, target);
    await file.sync();
    await file.close();
    if (overwrite) await rename(fresh, target);
    else await link(fresh, target).catch((error: unknown) => withoutLinks(error, fresh, target));
    moved = overwrite;
    await syncFolder(target);
  } catch (error) {
    throw error instanceof Fault ? error : codeOf(error) === "EEXIST" ? new Fault("exists", `${path} is there already. What its keys signed would be refused; --overwrite does it all the same.`) : failed("write", path, error);
  } finally {
    await file.close().catch(() => undefined);
    // By that name there may be another run's by now.
    if (!moved) await rm(fresh, { force: true });
  }
}

/** A server may read the file as its owner, or by its group; nobody else ever does. */
async function keepOwner(file: FileHandle, target: string): Promise<void> {
  const before = await stat(target).catch(() => undefined);
  const mine = await file.stat();
  if (before && (before.uid !== mine.uid || before.gid !== mine.gid)) await file.chown(before.uid, before.gid);
  // The mode of `open` is less what the umask takes away, and a change of owner may take more.
  await file.chmod(PRIVATE | ((before?.mode ?? 0) & 0o040));
}

/** On file systems that have no links. */
async function withoutLinks(error: unknown, fresh: string, target: string): Promise<void> {
  if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(codeOf(error) ?? "")) throw error;
  await copyFile(fresh, target, constants.COPYFILE_EXCL);
}

/** So that the name outlives a power cut too, where folders can be synced. */
async function syncFolder(target: string): Promise<void> {
  const folder = await open(dirname(target)).catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

const failed = (verb: "read" | "write", path: string, error: unknown): unknown =>
  codeOf(error) === undefined || !(error instanceof Error && "syscall" in error) ? error : new Fault("failed", `${path} cannot be ${verb === "read" ? "read" : "written"}: ${codeOf(error)}.`);
