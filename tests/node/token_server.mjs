// A token server that somebody else wrote, on a free port of loopback; prints its address, then one line per token asked for.
// The first argument is the folder in which oauth2-mock-server is installed.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const require = createRequire(pathToFileURL(join(process.argv[2], "package.json")));
const { OAuth2Server } = await import(pathToFileURL(require.resolve("oauth2-mock-server")));
const server = new OAuth2Server();
await server.issuer.keys.generate("RS256");
server.service.on("beforeResponse", (answer, request) => {
  console.log(JSON.stringify({ asked: request.body, status: answer.statusCode }));
});
await server.start(0, "127.0.0.1");
console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
