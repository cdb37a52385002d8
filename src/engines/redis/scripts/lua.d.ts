// A script's source, as text.
declare module "*.lua" {
  const source: string
  export default source
}
