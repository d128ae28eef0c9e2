/** The very file that the Botpress client requires: imported by its path, the bundle holds axios once instead of twice (83 KiB). */
declare module 'axios/dist/node/axios.cjs' {
  export { default } from 'axios'
}
