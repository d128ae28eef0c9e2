/** The file that the Botpress client requires. Importing it by path bundles axios once instead of twice (83 KiB). */
declare module 'axios/dist/node/axios.cjs' {
  export { default } from 'axios'
}
