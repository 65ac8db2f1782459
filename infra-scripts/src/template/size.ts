/** `trial`: one small server without a load balancer. `standard`: servers in two zones behind one. */
export type Size = 'trial' | 'standard';
