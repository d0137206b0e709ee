/* Initialisers: begin every peers_config_t and peers_health_t with one of these. */
/* generated: begin c/initialisers */
#define PEERS_CONFIG_INIT \
    { sizeof(peers_config_t), NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, 0, \
      0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define PEERS_ENTRY_INIT \
    { sizeof(peers_entry_t), NULL, NULL, 0, NULL, 0, 0 }
#define PEERS_HEALTH_INIT \
    { sizeof(peers_health_t), 0, 0, { 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
/* generated: end */
