/**
 * Shell commands to try when both Workers run.
 *
 * @param issuer origin of the token service
 * @param api origin of the API
 */
export function tour(issuer: string, api: string): string {
  const at = (client: string) => issuer.replace("//", `//${client}:example-secret@`);
  const logIn = (client: string) =>
    `LOGIN=$(curl -s -d "grant_type=password&username=example&password=example-password" ` +
    `${at(client)}/o/token/)`;
  const call = `curl -i -w "\\n\\n" -H "Authorization: Bearer $ACCESS" ${api}`;
  return `
Both Workers are ready. Paste these lines into another shell.

# Log in, and call the API.
${logIn("example-app")}
ACCESS=$(echo "$LOGIN" | grep -o 'tga_[^"]*'); REFRESH=$(echo "$LOGIN" | grep -o 'tgr_[^"]*')
${call}/things
${call}/things -X DELETE

# Refresh, and call the API with the new token.
LOGIN=$(curl -s -d "grant_type=refresh_token&refresh_token=$REFRESH" ${at("example-app")}/o/token/)
ACCESS=$(echo "$LOGIN" | grep -o 'tga_[^"]*'); REFRESH=$(echo "$LOGIN" | grep -o 'tgr_[^"]*')
${call}/things -X DELETE

# Log out. The API rejects the token.
curl -d "token=$REFRESH" ${at("example-app")}/o/revoke_token/
${call}/things -X DELETE

# The same with a JWT, which the API verifies with public keys.
${logIn("example-jwt-app")}
ACCESS=$(echo "$LOGIN" | grep -o 'eyJ[^"]*')
${call}/reports
`;
}
