#!/bin/sh
# Writes who has won, as a shop does.
mosquitto_pub -p 1883 -q 1 -t sales/7/results -m '{"userId":42,"saleId":7,"status":"won","result":{"order":"A-1","price":1.00}}'
