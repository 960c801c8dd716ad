/** A plugin of Apollo Server that changes nothing. */
export default [{ async requestDidStart() {} }];
