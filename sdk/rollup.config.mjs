// placeholder until the tracker lands
export default [];
